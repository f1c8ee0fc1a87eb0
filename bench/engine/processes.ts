import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Message } from './messages.ts'

export interface Program {
  /** When the first work chunk of a run began on any of the processes; 0 when it has not. */
  begunAt(run: string): number
  stop(): Promise<void>
}

const WORKER = fileURLToPath(new URL('worker-process.ts', import.meta.url))
const BOSS = fileURLToPath(new URL('boss-process.ts', import.meta.url))

export function startWorkers(databaseUrl: string, count: number): Promise<Program> {
  return startAll(WORKER, count, { DATABASE_URL: databaseUrl })
}

export function startBoss(databaseUrl: string, queue: string, concurrency: number): Promise<Program> {
  return startAll(BOSS, 1, {
    DATABASE_URL: databaseUrl,
    BOSS_QUEUE: queue,
    BOSS_CONCURRENCY: String(concurrency),
  })
}

async function startAll(file: string, count: number, env: Readonly<Record<string, string>>): Promise<Program> {
  const begun = new Map<string, number>()
  const children: Ending[] = []
  const stop = async (): Promise<void> => {
    await Promise.all(children.map(end))
  }
  try {
    for (let i = 0; i < count; i++) children.push(await startOne(file, env, begun))
  } catch (error) {
    await stop()
    throw error
  }
  return { begunAt: (run) => begun.get(run) ?? 0, stop }
}

interface Ending {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
}

async function startOne(
  file: string,
  env: Readonly<Record<string, string>>,
  begun: Map<string, number>,
): Promise<Ending> {
  const child = fork(file, { env: { PATH: process.env['PATH'], ...env }, execArgv: [] })
  const ended = once(child, 'exit')
  const ready = new Promise<void>((resolve, reject) => {
    child.on('message', (message: Message) => {
      if (message.kind === 'ready') return resolve()
      const { run, at } = message
      begun.set(run, Math.min(at, begun.get(run) ?? Infinity))
    })
    ended.then(([code]) => reject(new Error(`a process of the bench ended with ${String(code)}`)), reject)
  })
  await ready
  return { child, ended }
}

const STOP_MS = 10_000

async function end({ child, ended }: Ending): Promise<void> {
  if (child.connected) child.send('stop')
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS)
  await ended
  clearTimeout(timer)
}
