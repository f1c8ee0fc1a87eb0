import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { basename } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Stands in the title of each process of our servers. */
export const CLUSTER_NAME = 'tenon'

/** What runs under a process id; null when nothing does, or only a zombie that nobody has waited for. */
export async function readCommand(pid: number): Promise<readonly string[] | null> {
  if (process.platform !== 'linux') return readCommandFromPs(pid)
  try {
    const [status, command] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'latin1'),
      readFile(`/proc/${pid}/cmdline`, 'utf8'),
    ])
    // The state follows the name, which is in brackets and may itself hold brackets.
    const state = status.slice(status.lastIndexOf(')') + 2)[0]
    return state === 'Z' || state === 'X' ? null : command.split('\0')
  } catch {
    // The process has gone, or is not ours to see.
    return null
  }
}

/** Whether a process is the main process of the server on a cluster, and not another that came to have its id. */
export async function isPostmaster(pid: number, cluster: string): Promise<boolean> {
  const command = await readCommand(pid)
  if (command === null) return false
  const [program = '', ...args] = command
  return basename(program) === 'postgres' && args[args.indexOf('-D') + 1] === cluster
}

/**
 * The processes of PostgreSQL that work in a cluster: each has it as its working folder. Null where that can not be
 * known for certain (no /proc, or one of another user that may be one).
 */
export async function findServerProcesses(cluster: string): Promise<readonly number[] | null> {
  if (process.platform !== 'linux') return null
  const found: number[] = []
  for (const entry of await readdir('/proc')) {
    if (!/^\d+$/.test(entry)) continue
    const pid = Number(entry)
    try {
      if ((await readlink(`/proc/${pid}/cwd`)) === cluster) found.push(pid)
    } catch (error) {
      const hidden = error instanceof Error && 'code' in error && error.code !== 'ENOENT' && error.code !== 'ESRCH'
      if (hidden && (await mayWorkIn(pid, cluster))) return null
    }
  }
  return found
}

/** For a process of another user: it could be one of ours by its name, which is all that can be seen. */
async function mayWorkIn(pid: number, cluster: string): Promise<boolean> {
  const command = (await readCommand(pid))?.join(' ') ?? ''
  return command.startsWith(`postgres: ${CLUSTER_NAME}: `) || command.includes(cluster)
}

/** Sends a signal; a process that is gone is no error. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

type Stopping = readonly (readonly [NodeJS.Signals, patienceMs: number])[]

/** How a server is ended: fast shutdown, then at once, then by force. */
const STOPPING: Stopping = [
  ['SIGINT', 10_000],
  ['SIGQUIT', 5_000],
  ['SIGKILL', 5_000],
]

/** The same for one that does not answer, and keeps somebody waiting. */
export const STOPPING_SILENT: Stopping = [
  ['SIGINT', 1_000],
  ['SIGQUIT', 1_000],
  ['SIGKILL', 5_000],
]

/** Ends the server on a cluster, gently first; returns when its main process is gone. */
export async function stopPostmaster(pid: number, cluster: string, stopping = STOPPING): Promise<void> {
  for (const [signal, patienceMs] of stopping) {
    const deadline = performance.now() + patienceMs
    if (!(await isPostmaster(pid, cluster))) return
    sendSignal(pid, signal)
    while (performance.now() < deadline) {
      if (!(await isPostmaster(pid, cluster))) return
      await sleep(10)
    }
  }
}

async function readCommandFromPs(pid: number): Promise<readonly string[] | null> {
  try {
    const { stdout } = await run('/bin/ps', ['-ww', '-o', 'stat=,command=', '-p', String(pid)])
    const [state = 'Z', ...command] = stdout.trim().split(/\s+/)
    return state.startsWith('Z') ? null : command
  } catch {
    // `ps` fails for a process that is not there.
    return null
  }
}
