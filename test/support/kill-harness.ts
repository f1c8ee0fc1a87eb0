import { fork } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { realpath } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { migrateDatabase } from '../../src/app/node.ts'
import { newId } from '../../src/kernel/ids.ts'
import { lockDataDir, startEmbeddedPostgres } from '../../src/platform/postgres/index.ts'
import { findServerProcesses, sendSignal } from '../../src/platform/postgres/processes.ts'
import type { SampleSettings } from './sample-worker.ts'
import { temporaryFolder } from './temporary-folder.ts'
import { waitFor } from './wait-for.ts'

const SAMPLE = fileURLToPath(new URL('sample-worker.ts', import.meta.url))
const READY_MS = 30_000
/** Of what a process has said, the last part. */
const KEPT = 200_000

export type Part = 'worker' | 'starter' | 'canceller'

/** A process of the engine. */
export interface Actor {
  readonly part: Part
  /** The signal that it has ended by; null when it has ended otherwise. */
  readonly ended: Promise<NodeJS.Signals | null>
  readonly ready: Promise<void>
  output(): string
  signal(signal: NodeJS.Signals): void
}

/** A PostgreSQL of its own, which can be killed, and processes of the engine on it. */
export interface Stage {
  /** As the owner; fails while PostgreSQL is away. */
  readonly owner: pg.Pool
  makeOrg(): Promise<string>
  start(part: Part, settings: SampleSettings, failpoints?: string): Actor
  /** SIGKILL of the server with all its processes, or of one that serves a connection; answers when it serves again. */
  killPostgres(what: 'server' | 'connection'): Promise<void>
  /** Answers when every run has ended. */
  allEnded(timeoutMs: number): Promise<void>
  end(): Promise<void>
}

export async function openStage(): Promise<Stage> {
  const postgres = await startPostgres()
  const { url } = postgres
  await migrateDatabase(url)
  const owner = new pg.Pool({ connectionString: url, max: 3, query_timeout: 10_000 })
  owner.on('error', () => {})
  owner.on('connect', (client) => client.on('error', () => {}))
  await owner.query('create table effects (run_id text, what text); grant insert on effects to tenon_app')
  const actors = new Set<Actor>()
  return {
    owner,
    killPostgres: async (what) => {
      if (what === 'server') await postgres.kill()
      else await waitFor(() => killConnection(owner), READY_MS)
      await waitFor(() => answers(owner), READY_MS)
    },
    makeOrg: async () => {
      const org = newId('org')
      const text = 'insert into organizations (org_id, slug, name, created_at) values ($1, $2, $2, now())'
      await owner.query(text, [org, org.replaceAll('_', '-').toLowerCase()])
      return org
    },
    start: (part, given, failpoints) => {
      const actor = startActor(part, given, { DATABASE_URL: url, TENON_FAILPOINTS: failpoints ?? '' })
      actors.add(actor)
      void actor.ended.then(() => actors.delete(actor))
      return actor
    },
    allEnded: (timeoutMs) =>
      waitFor(async () => {
        const left = await owner.query('select from runs where ended_at is null limit 1').catch(() => null)
        return left?.rowCount === 0
      }, timeoutMs),
    end: async () => {
      for (const actor of actors) actor.signal('SIGKILL')
      await Promise.all([...actors].map(({ ended }) => ended))
      await owner.end()
      await postgres.end()
    },
  }
}

/** On a data folder and port of its own, which it keeps when it is killed and started again. */
async function startPostgres(): Promise<{ url: string; kill(): Promise<void>; end(): Promise<void> }> {
  const folder = temporaryFolder('kills')
  // Not a port that an outgoing connection may be given while nobody listens there.
  mkdirSync(join(folder.path, 'postgres'), { mode: 0o700 })
  writeFileSync(join(folder.path, 'postgres', 'port'), String(await freePort()))
  const lock = await lockDataDir(folder.path)
  const settings = { fsync: 'off', full_page_writes: 'off' }
  const start = () => startEmbeddedPostgres({ dataDir: folder.path, settings })
  let postgres = await start()
  const { url } = postgres
  const cluster = join(await realpath(folder.path), 'postgres', 'data')
  const endWithProcess = (): void => sendSignal(postgres.pid, 'SIGQUIT')
  process.once('exit', endWithProcess)
  return {
    url,
    kill: async () => {
      sendSignal(postgres.pid, 'SIGKILL')
      for (const pid of (await findServerProcesses(cluster)) ?? []) sendSignal(pid, 'SIGKILL')
      await postgres.exited
      // While one of them is dying, it still has the port.
      await waitFor(async () => ((await findServerProcesses(cluster)) ?? []).length === 0, READY_MS)
      postgres = await start()
      if (postgres.url !== url) throw new Error('PostgreSQL has come back elsewhere')
    },
    end: async () => {
      process.off('exit', endWithProcess)
      await postgres.stop()
      lock.release()
      folder.remove()
    },
  }
}

function startActor(part: Part, settings: SampleSettings, env: Readonly<Record<string, string>>): Actor {
  const child = fork(SAMPLE, [part, JSON.stringify(settings)], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    execArgv: [],
    silent: true,
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (piece: string) => (text = (text + piece).slice(-KEPT)))
  const ended = new Promise<NodeJS.Signals | null>((resolve) => child.once('exit', (_, signal) => resolve(signal)))
  const ready = new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    void ended.then(() => reject(new Error(`a ${part} has ended before it was ready:\n${text}`)))
  })
  ready.catch(() => {})
  return { part, ended, ready, output: () => text, signal: (signal) => void child.kill(signal) }
}

async function answers(owner: pg.Pool): Promise<boolean> {
  return owner.query('select 1').then(
    () => true,
    () => false,
  )
}

/** One of those that serve Tenon: the server then starts anew by itself. False when there was none, or no server. */
async function killConnection(owner: pg.Pool): Promise<boolean> {
  const one = `select pid from pg_stat_activity where application_name like 'tenon %' order by random() limit 1`
  const [found] = await owner.query<{ pid: number }>(one).then(
    ({ rows }) => rows,
    () => [],
  )
  if (found !== undefined) sendSignal(found.pid, 'SIGKILL')
  return found !== undefined
}

/** Below the ports that outgoing connections take. */
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

/** Numbers from 0 to 1, the same for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed | 0
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** Who is killed, of ten. */
const TARGETS = [
  'worker 0',
  'worker 0',
  'worker 1',
  'worker 1',
  'worker 1',
  'starter',
  'starter',
  'starter',
  'server',
  'connection',
] as const
export type Target = (typeof TARGETS)[number]

export interface Chaos {
  readonly kills: number
  readonly seed: number
  /** Longest time between two kills. */
  readonly paceMs: number
  readonly org: string
  readonly runs: NonNullable<SampleSettings['runs']>
  readonly onKill?: (kill: number, target: Target) => void
}

/** For every 50 kills 2,000 chunks: a run whose plan has more than one page, and many that are small. */
export function workFor(kills: number): Chaos['runs'] {
  const small = Array.from({ length: 80 }, () => ({ chunks: 10, ms: 60, fails: false }))
  const some = [{ chunks: 1_200, ms: 60, fails: false }, ...small]
  return Array.from({ length: Math.ceil(kills / 50) }, () => some).flat()
}

/** Of sample runs: what they cost, and more than enough for them. */
export const METERED = { price: { run: 7, chunk: 2 }, credits: 100_000_000 }

const LINGERING_STARTS = 'run.started=sleep:60,credits.reserved=sleep:20'
const LINGERING = [
  'settle.written',
  'settle.committed',
  'batch.written',
  'batch.committed',
  'plan.written',
  'run.ended',
  'credits.reserved',
  'credits.settled',
]
  .map((name) => `${name}=sleep:10`)
  .join(',')

/**
 * Kills at random what works on the runs, and starts it again at once; whatever it was, the rest goes on. Answers how often
 * each was killed, and the starter that is left.
 */
export async function killAtRandom(
  stage: Stage,
  chaos: Chaos,
): Promise<{ counts: Record<Target, number>; starter: Actor }> {
  const random = randomFrom(chaos.seed)
  const counts = { 'worker 0': 0, 'worker 1': 0, starter: 0, server: 0, connection: 0 }
  const starts = {
    'worker 0': () => stage.start('worker', { leaseMs: 1_500 }),
    // These two linger where a death does the most, so that many a kill meets them there.
    'worker 1': () => stage.start('worker', { leaseMs: 1_500 }, LINGERING),
    starter: () =>
      stage.start(
        'starter',
        { org: chaos.org, subject: 'random', runs: [...chaos.runs], ...METERED },
        LINGERING_STARTS,
      ),
  }
  const actors = { 'worker 0': starts['worker 0'](), 'worker 1': starts['worker 1'](), starter: starts.starter() }
  await Promise.all(Object.values(actors).map(({ ready }) => ready))
  for (let kill = 1; kill <= chaos.kills; kill++) {
    await sleep(random() * chaos.paceMs)
    const target = TARGETS[Math.floor(random() * TARGETS.length)] ?? 'server'
    if (target === 'server' || target === 'connection') await stage.killPostgres(target)
    else {
      await actors[target].ready
      actors[target].signal('SIGKILL')
      if ((await actors[target].ended) !== 'SIGKILL') throw new Error(`a ${target} has ended by itself`)
      actors[target] = starts[target]()
    }
    counts[target] += 1
    chaos.onKill?.(kill, target)
  }
  return { counts, starter: actors.starter }
}
