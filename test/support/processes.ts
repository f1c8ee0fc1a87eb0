import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { setTimeout as sleep } from 'node:timers/promises'

/** What `postgres-process.ts` says first. */
export interface Report {
  readonly ok: boolean
  readonly pid: number
  readonly port: number
  readonly url: string
  readonly adopted: boolean
  readonly startedMs: number
  readonly code: string
  readonly details: Readonly<Record<string, unknown>>
}

const SCRIPT = fileURLToPath(new URL('postgres-process.ts', import.meta.url))

/** The command that runs a Tenon of its own on a data folder, for `runReporting` or inside a shell script. */
export function postgresProcess(dataDir: string, what: string, ...flags: string[]): string[] {
  return [process.execPath, SCRIPT, dataDir, what, ...flags]
}

/** The same command as a user without rights. */
export function asNobody(command: readonly string[]): string[] {
  return ['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...command]
}

/** Starts a command and reads its reports: one per line. */
export function runReporting(command: readonly string[]): { child: ChildProcess; next(): Promise<Report> } {
  const [program = '', ...args] = command
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: {} })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    child,
    async next() {
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`${program} ended without a report`)
      return JSON.parse(value)
    },
  }
}

/** Runs a command to its end; its last report. */
export async function reportOf(command: readonly string[]): Promise<Report> {
  const { child, next } = runReporting(command)
  const ended = once(child, 'exit')
  const report = await next()
  await ended
  return report
}

/** Whether a command can be run here and ends well. */
export function works(command: readonly string[]): boolean {
  const [program = '', ...args] = command
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** Waits for a condition, at most 10 s. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error('it did not happen within 10 s')
    await sleep(10)
  }
}
