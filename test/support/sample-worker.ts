/**
 * A process of the engine alone, for tests that kill it: `sample-worker.ts worker|starter|canceller <settings as JSON>`, on
 * DATABASE_URL and with TENON_FAILPOINTS. A worker works on sample runs; a starter stands for the API and starts them, one
 * after the other until all that it is given exist; a canceller cancels what its subject names. Ends when left alone.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { readConfig, required } from '../../src/app/config.ts'
import { armFailpoints } from '../../src/app/failpoints.ts'
import { PLANS } from '../../src/contract/plans.ts'
import type { OrgId } from '../../src/contract/ids.ts'
import { grantCredits } from '../../src/domains/credits/index.ts'
import { statement, type Sql } from '../../src/kernel/statement.ts'
import { TenonError } from '../../src/kernel/tenon-error.ts'
import { cancelRunsOf, createWakeUp, createWorker, definePipeline, startRun } from '../../src/pipelines/engine/index.ts'
import { openDatabase } from '../../src/platform/db/index.ts'
import { createLogger } from '../../src/platform/telemetry/logger.ts'

/** What a run is asked for: its chunks, how long each takes at most, and whether the last one fails it. */
const input = z.strictObject({ chunks: z.int(), ms: z.int(), fails: z.boolean() })
const settings = z.strictObject({
  leaseMs: z.int().default(1_500),
  slots: z.int().default(8),
  org: z.string().default(''),
  subject: z.string().default(''),
  runs: z.array(input).default([]),
  /** What the runs of a starter cost, and what it gives the organisation, once, to pay for them. */
  price: z.strictObject({ run: z.int(), chunk: z.int() }).default({ run: 0, chunk: 0 }),
  credits: z.int().default(0),
  /** Runs that a starter lets be under way at once. */
  alive: z.int().default(3),
})
export type SampleSettings = z.input<typeof settings>

const insertEffect = statement<{ run: string; what: string }>('', 'insert into effects values (:run, :what)')
const countRuns = statement<{ org: string }, { all: number; alive: number }>(
  '',
  'select count(*) as all, count(*) filter (where ended_at is null) as alive from runs where org_id = :org',
)

const effect = (run: string, what: string) => async (sql: Sql) => void (await sql.run(insertEffect, { run, what }))

const pipeline = definePipeline<z.output<typeof input>>({
  id: 'test/engine/sample',
  title: 'A sample',
  input,
  maxActive: 8,
  plan: (ctx) => Promise.resolve({ chunks: Array(ctx.input.chunks).keys(), effects: effect(ctx.runId, 'planned') }),
  processChunk: async ({ runId, signal, input: { chunks, ms, fails } }, _, n) => {
    if (ms > 0) await sleep(Math.random() * ms, undefined, { signal })
    if (fails && n === chunks - 1) throw new TenonError('not_found')
    return n % 2 === 0 ? { result: n } : { result: n, effects: effect(runId, `work ${n}`) }
  },
  finish: async ({ runId }, results) => {
    let next = 0
    for await (const { n, result } of results)
      if (n !== next++ || result !== n) throw new TenonError('not_found', { details: { n } })
    return { result: { results: next }, effects: effect(runId, 'finished') }
  },
  onStopped: (sql, { runId }) => effect(runId, 'stopped')(sql),
})

const [part = '', given = '{}'] = process.argv.slice(2)
const config = readConfig()
const { DATABASE_URL: url } = required({ DATABASE_URL: config.databaseUrl })
const log = createLogger({ level: 'warn' })
armFailpoints(config.failpoints, log)
const db = openDatabase({ url, log })
const { leaseMs, slots, subject, runs, price, credits, alive, ...own } = settings.parse(JSON.parse(given))
const org = own.org as OrgId

/** The run and the row that its start writes beside it exist together, or neither does. */
async function begin(request: z.output<typeof input>, name: string): Promise<void> {
  const limits = { ...PLANS.team, concurrentRuns: 1_000_000, runsPerDay: 1_000_000 }
  const call = { org, limits, requestId: 'sample', createdBy: 'sample', priority: 'normal', schedule: null } as const
  await db.tenant(org).write(async (sql) => {
    const { id } = await startRun(sql, { ...call, pipeline: { ...pipeline, price }, input: request, subject: name })
    await effect(id, 'started')(sql)
  })
}

/** Until it is done: PostgreSQL may be away. */
async function pay(amount: number): Promise<void> {
  const grant = { kind: 'pack', source: 'sample', amount, expiresAt: null } as const
  const paid = (): Promise<boolean> =>
    db
      .tenant(org)
      .write((sql) => grantCredits(sql, org, grant))
      .then(
        () => true,
        () => false,
      )
  while (!(await paid())) await sleep(100)
}

/** One at a time: what a killed one has left is counted before the next. */
async function beginNext(): Promise<void> {
  const [counts] = await db.tenant(org).read.run(countRuns, { org })
  const next = runs[counts?.all ?? 0]
  if (counts !== undefined && next !== undefined && counts.alive < alive) await begin(next, `${subject} ${counts.all}`)
  else await sleep(50)
}

process.once('disconnect', () => process.exit(1))
if (part === 'worker')
  createWorker({ db, pipelines: [pipeline], log, wakeUp: createWakeUp(), slots, leaseMs, pollMs: 50 }).start()
process.send?.('ready')
if (part === 'canceller') await db.tenant(org).write((sql) => cancelRunsOf(sql, org, subject))
if (part === 'starter') {
  if (credits > 0) await pay(credits)
  for (;;) {
    await beginNext().catch(async (error: unknown) => {
      log.warn({ err: error }, 'a run could not be started')
      await sleep(100)
    })
  }
}
