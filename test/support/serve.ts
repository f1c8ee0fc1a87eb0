import { type ChildProcess, spawn } from 'node:child_process'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { onTestFailed } from 'vitest'
import { temporaryFolder } from './temporary-folder.ts'
import { ROOT_KEY } from './tenon.ts'
import { waitFor } from './wait-for.ts'

const TENON = fileURLToPath(new URL('../../bin/tenon.js', import.meta.url))
const QUEUE_KEY = 'queue-key-of-an-end-to-end-test-0123456789'
export const AUTH_SECRET = 'auth-secret-of-an-end-to-end-test-0123456789'
const READY_MS = 60_000

/** One `tenon serve` or `tenon worker`. */
export interface Program {
  /** Of the API; a worker shows its health and its metrics there. */
  readonly url: string
  readonly pid: number
  /** What it has printed so far, stdout and stderr. */
  output(): string
  /** SIGTERM, and the exit code that it ends with. */
  stop(): Promise<number | null>
  /** SIGKILL. */
  kill(): Promise<void>
}

type Env = Readonly<Record<string, string>>

/** Processes of Tenon on one database, each on a free port and with a data folder of its own unless `env` says otherwise. */
export interface Programs {
  serve(env?: Env): Promise<Program>
  worker(env?: Env): Promise<Program>
  /** Kills them all and removes their folders. */
  end(): Promise<void>
}

export function programsOn(databaseUrl: string): Programs {
  const programs: Program[] = []
  const folders: { remove(): void }[] = []
  const start = async (part: 'serve' | 'worker', env: Env = {}): Promise<Program> => {
    const port = await freePort()
    const folder = temporaryFolder(part)
    folders.push(folder)
    const program = run(part, `http://127.0.0.1:${port}`, {
      PATH: process.env['PATH'] ?? '',
      HOME: tmpdir(),
      DATABASE_URL: databaseUrl,
      TENON_ROOT_KEY: ROOT_KEY,
      TENON_QUEUE_KEY: QUEUE_KEY,
      TENON_AUTH_SECRET: AUTH_SECRET,
      TENON_PORT: String(port),
      TENON_WORKER_PORT: String(port),
      TENON_DATA_DIR: folder.path,
      TENON_DRAIN_SECONDS: '0',
      LOG_LEVEL: 'warn',
      ...env,
    })
    programs.push(program)
    await program.ready()
    return program
  }
  return {
    serve: (env) => start('serve', env),
    worker: (env) => start('worker', env),
    end: async () => {
      await Promise.all(programs.map((program) => program.kill()))
      for (const folder of folders) folder.remove()
    },
  }
}

function run(part: 'serve' | 'worker', url: string, env: Env): Program & { ready(): Promise<void> } {
  const child = spawn(process.execPath, [TENON, part], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => (text += piece))
  return {
    url,
    pid: child.pid ?? 0,
    output: () => text,
    stop: () => {
      child.kill('SIGTERM')
      return ended
    },
    kill: async () => {
      child.kill('SIGKILL')
      await ended
    },
    ready: () =>
      waitFor(async () => {
        if (hasEnded(child)) throw new Error(`tenon ${part} has ended:\n${text}`)
        return part === 'serve' ? isReady(url) : text.includes('Tenon worker')
      }, READY_MS),
  }
}

const LAST_CHARACTERS = 10_000

/** Should the test that calls this fail, it shows what the programs have said at last. */
export function explainFailure(...programs: readonly Program[]): void {
  onTestFailed(() => {
    for (const { url, output } of programs) console.error(`${url}\n${output().slice(-LAST_CHARACTERS)}`)
  })
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null
}

/** Whether a node is ready, as a load balancer asks: on a connection of its own, and not for long. */
export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, {
      headers: { connection: 'close' },
      signal: AbortSignal.timeout(3_000),
    })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}

/** Below the ports that outgoing connections take, so that none of those gets it before the program does. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 10_000)
    const server = createServer()
    const free = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    await new Promise((resolve) => server.close(resolve))
    return port
  }
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  /** The code of the error envelope; undefined when the body is none. */
  readonly code: string | undefined
  readonly data: unknown
}

export interface Asked {
  readonly method?: string
  readonly headers?: Env
  readonly body?: unknown
}

/** A client with connections of its own, kept open between requests as long as the server likes. */
export interface HttpClient {
  /** @throws what the connection failed with. */
  ask(path: string, asked?: Asked): Promise<Answer>
  close(): void
}

/** An answer that takes longer than any promise of Tenon is no answer. */
const ANSWER_MS = 20_000

/** Leaner than fetch, which would take a good part of the processor from the nodes that it puts under load. */
export function httpClient(url: string): HttpClient {
  // With a timeout of its own, it heeds that of the server: it lets go of a connection before the server does.
  const agent = new Agent({ keepAlive: true, timeout: ANSWER_MS })
  return {
    ask: (path, { method = 'GET', headers = {}, body } = {}) =>
      new Promise((resolve, reject) => {
        const content = body === undefined ? undefined : JSON.stringify(body)
        const own = content === undefined ? {} : { 'content-type': 'application/json' }
        const sent = request(`${url}${path}`, { agent, method, headers: { ...own, ...headers } }, (response) => {
          let text = ''
          response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
          response.once('error', reject).once('end', () => {
            resolve({ status: response.statusCode ?? 0, headers: response.headers, ...contentOf(text) })
          })
        })
        sent.setTimeout(ANSWER_MS, () => sent.destroy(new Error(`no answer within ${ANSWER_MS} ms`)))
        sent.once('error', reject).end(content)
      }),
    close: () => agent.destroy(),
  }
}

function contentOf(text: string): Pick<Answer, 'code' | 'data'> {
  const { error, data } = JSON.parse(text) as { error?: { code: string }; data?: unknown }
  return { code: error?.code, data }
}

export function bearer(secret: string): Env {
  return { authorization: `Bearer ${secret}` }
}
