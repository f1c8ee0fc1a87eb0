import { setTimeout as sleep } from 'node:timers/promises'
import { PgBoss } from 'pg-boss'
import { median } from '../statistics.ts'
import { SLOTS } from './noop.ts'
import { startBoss, startWorkers } from './processes.ts'
import { forgetRuns, makeOrg, start, until, type Setting } from './setting.ts'

const CHUNKS = 20_000
const BOSS_SECONDS = 3
const BOSS_JOBS = { single: 20_000, concurrent: 40_000 }
const ROUNDS = 3

/** Chunks or jobs in a second. */
export interface Speed {
  readonly best: number
  readonly median: number
}

/** For each chunk of a run, its planning included. */
export interface Writes {
  readonly rows: number
  /** Updates that touched no index. */
  readonly hot: number
  readonly commits: number
  readonly walBytes: number
}

export interface Throughput {
  readonly oneWorker: Speed
  readonly twoWorkers: Speed
  /** pg-boss, one job after the other. */
  readonly boss: Speed
  /** pg-boss, as many jobs at once as a worker has slots, each fetched and completed alone. */
  readonly bossConcurrent: Speed
  readonly writes: Writes
}

export async function measureThroughput(setting: Setting): Promise<Throughput> {
  const one: number[] = []
  const two: number[] = []
  const boss: number[] = []
  const concurrent: number[] = []
  let writes: Writes | undefined
  for (let round = 0; round < ROUNDS; round++) {
    boss.push(await bossSpeed(setting, 1))
    const before = await countWrites(setting)
    one.push(await speed(setting, 1))
    writes ??= difference(before, await countWrites(setting))
    two.push(await speed(setting, 2))
    concurrent.push(await bossSpeed(setting, SLOTS))
  }
  if (writes === undefined) throw new Error('nothing was measured')
  return {
    oneWorker: summary(one),
    twoWorkers: summary(two),
    boss: summary(boss),
    bossConcurrent: summary(concurrent),
    writes,
  }
}

function summary(speeds: readonly number[]): Speed {
  return { best: Math.max(...speeds), median: median(speeds) }
}

/** From the begin of the first work chunk, when the plan is written, to the settlement of the last. */
async function speed(setting: Setting, workers: number): Promise<number> {
  const { owner, databaseUrl } = setting
  const org = await makeOrg(setting)
  const program = await startWorkers(databaseUrl, workers)
  try {
    const { id } = await start(setting, org, { chunks: CHUNKS, ms: 0 })
    const ended = 'select status from runs where id = $1 and ended_at is not null'
    await until(setting, 100, async () => {
      const [row] = (await owner.query<{ status: string }>(ended, [id])).rows
      if (row !== undefined && row.status !== 'succeeded') throw new Error(`the run has ${row.status}`)
      return row !== undefined
    })
    const last = `select extract(epoch from max(done_at)) * 1000 as at from chunks where run_id = $1 and step = 'work'`
    const { rows } = await owner.query<{ at: string }>(last, [id])
    return (1000 * CHUNKS) / (Number(rows[0]?.at) - program.begunAt(id))
  } finally {
    await program.stop()
    await forgetRuns(setting)
  }
}

async function bossSpeed({ databaseUrl, owner }: Setting, concurrency: number): Promise<number> {
  const boss = new PgBoss({ connectionString: databaseUrl, supervise: false, schedule: false, migrate: false })
  boss.on('error', (error) => console.error(error))
  await boss.start()
  const name = `bench-${concurrency}-${Math.floor(performance.now())}`
  await boss.createQueue(name)
  const jobs = Array.from({ length: concurrency === 1 ? BOSS_JOBS.single : BOSS_JOBS.concurrent }, (_, n) => ({
    data: { n },
  }))
  for (let i = 0; i < jobs.length; i += 1000) await boss.insert(name, jobs.slice(i, i + 1000))
  const done = async (): Promise<{ count: number; ms: number }> => {
    const text = `select count(*)::int as count, (extract(epoch from max(completed_on) - min(completed_on)) * 1000)::float8 as ms
      from pgboss.job where name = $1 and state = 'completed'`
    return (await owner.query<{ count: number; ms: number }>(text, [name])).rows[0] ?? { count: 0, ms: 0 }
  }
  const program = await startBoss(databaseUrl, name, concurrency)
  try {
    await sleep(500)
    const before = await done()
    await sleep(BOSS_SECONDS * 1000)
    const after = await done()
    return (1000 * (after.count - before.count)) / (after.ms - before.ms)
  } finally {
    await program.stop()
    await boss.deleteQueue(name)
    await boss.stop({ graceful: false })
  }
}

interface Counters {
  readonly rows: number
  readonly hot: number
  readonly commits: number
  readonly wal: number
}

async function countWrites({ owner }: Setting): Promise<Counters> {
  // What a connection has counted is known a while after it.
  await sleep(1_500)
  const { rows } = await owner.query<Counters>(
    `select sum(n_tup_ins + n_tup_upd)::float8 as rows, sum(n_tup_hot_upd)::float8 as hot,
       (select xact_commit::float8 from pg_stat_database where datname = current_database()) as commits,
       (pg_current_wal_lsn() - '0/0')::float8 as wal
     from pg_stat_user_tables where relname in ('runs', 'chunks', 'run_logs', 'usage', 'workers')`,
  )
  const [row] = rows
  if (row === undefined) throw new Error('the database counts nothing')
  return row
}

function difference(before: Counters, after: Counters): Writes {
  return {
    rows: (after.rows - before.rows) / CHUNKS,
    hot: (after.hot - before.hot) / CHUNKS,
    commits: (after.commits - before.commits) / CHUNKS,
    walBytes: (after.wal - before.wal) / CHUNKS,
  }
}
