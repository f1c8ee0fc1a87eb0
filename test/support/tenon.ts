import { spawn, type ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClient, type Client } from '../../src/contract/client.ts'
import { waitFor } from './wait-for.ts'
import { onboardOrganization } from '../../src/contract/identity.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const ROOT_KEY = 'root-key-of-an-end-to-end-test-0123456789'

/** A whole Tenon (`tenon start`) in a process group of its own, on a data folder that outlives it. */
export interface Tenon {
  readonly url: string
  readonly pid: number
  /** What it has printed so far, stdout and stderr. */
  output(): string
  /** SIGTERM, and the exit code that it ends with. */
  stop(): Promise<number | null>
  /** SIGKILL of the server alone; PostgreSQL lives on. */
  killServer(): Promise<void>
  /** SIGKILL of the server and of PostgreSQL with all its children. */
  killEverything(): Promise<void>
}

export interface TenonOptions {
  readonly dataDir: string
  readonly port: number
  readonly env?: Readonly<Record<string, string>>
  /** Ready means this text on stdout; `/readyz` when left out. */
  readonly until?: string
}

export async function startTenon(options: TenonOptions): Promise<Tenon> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/tenon.js'), 'start'], {
    cwd: options.dataDir,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: environment({
      TENON_DATA_DIR: options.dataDir,
      TENON_PORT: String(options.port),
      TENON_ROOT_KEY: ROOT_KEY,
      TENON_DEMO: '0',
      ...options.env,
    }),
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (part: string) => (text += part))
  const url = `http://127.0.0.1:${options.port}`
  const tenon = handleOf(child, url, options.dataDir, () => text)
  await waitFor(async () => {
    if (child.exitCode !== null) throw new Error(`tenon start ended with ${child.exitCode}:\n${text}`)
    return options.until === undefined ? isReady(url) : text.includes(options.until)
  }, 90_000).catch(async (error: unknown) => {
    await tenon.killEverything()
    throw new Error(`tenon start is not ready:\n${text}`, { cause: error })
  })
  return tenon
}

function handleOf(child: ChildProcess, url: string, dataDir: string, output: () => string): Tenon {
  const pid = child.pid ?? 0
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  const killServer = async (): Promise<void> => {
    kill(-pid)
    await ended
  }
  return {
    url,
    pid,
    output,
    stop: () => {
      if (child.exitCode === null) process.kill(pid, 'SIGTERM')
      return ended
    },
    killServer,
    killEverything: async () => {
      await killServer()
      const postmaster = postmasterPid(dataDir)
      if (postmaster !== undefined) kill(-postmaster)
    },
  }
}

/** Runs the CLI to its end. */
export async function tenonCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd?: string,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, [join(ROOT, 'bin/tenon.js'), ...args], {
    ...(cwd === undefined ? {} : { cwd }),
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const result = { code: null as number | null, stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (part: string) => (result.stdout += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (result.stderr += part))
  result.code = await new Promise((resolve) => child.once('close', resolve))
  return result
}

/** A new organisation on a running Tenon, with a client of its own and its key. */
export async function onboard(url: string, slug: string): Promise<{ client: Client; apiKey: string; slug: string }> {
  const operator = createClient({ url, rootKey: ROOT_KEY, fetch })
  const { data } = await operator.call(onboardOrganization, { slug, name: slug, plan: 'team' })
  const apiKey = data.apiKey.secret
  return { client: createClient({ url, apiKey, org: slug, fetch }), apiKey, slug }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`)).ok
  } catch {
    return false
  }
}

function environment(own: Readonly<Record<string, string>>): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: tmpdir(), ...own }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

/** Process id of the embedded PostgreSQL, from the first line of its pid file. */
function postmasterPid(dataDir: string): number | undefined {
  try {
    return Number(readFileSync(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]) || undefined
  } catch {
    return undefined
  }
}
