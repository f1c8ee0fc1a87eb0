import type pg from 'pg'
import { PgBoss } from 'pg-boss'
import type { z } from 'zod'
import type { Log } from '../../kernel/ctx.ts'
import { repositoryIn } from '../../kernel/log-fields.ts'
import type { Sql } from '../../kernel/statement.ts'
import { currentTraceParent, traced, tracedInside } from '../../kernel/trace.ts'
import { signPayload, verifyPayload } from './sign.ts'

export { countJobs, type JobCounts } from './count-jobs.ts'

/** A kind of single job. Its payload carries ids only; delivered at least once, so running it twice must change nothing. */
export interface Job<Payload = unknown> {
  readonly name: string
  readonly payload: z.ZodType<Payload>
  /** How many a node does at once, each of which looks for the next one every second; 1 by default. */
  readonly parallel?: number
  run(payload: Payload, signal: AbortSignal): Promise<void>
}

export interface Queue {
  /** Part of the caller's transaction: the job exists exactly when that commits, and its log lines name the call. */
  enqueue(sql: Sql, job: string, payload: Record<string, string>, call: { readonly requestId: string }): Promise<void>
  start(jobs: readonly Job[]): Promise<void>
  stop(): Promise<void>
}

const SCHEMA = 'pgboss'
const QUIET = { schema: SCHEMA, supervise: false, schedule: false } as const
/** A failed job is tried again after 60, 120 and 180 s; pg-boss doubles from the first. */
const RETRY = {
  retryLimit: 3,
  retryDelay: 60,
  retryBackoff: true,
  retryDelayMax: 180,
  heartbeatSeconds: 10,
  deleteAfterSeconds: 3600,
} as const

/** Installs the queue's schema and the queues themselves; run by the migrator, under its lock. */
export async function installQueue(client: pg.Client, jobNames: readonly string[]): Promise<void> {
  const boss = new PgBoss({
    ...QUIET,
    migrate: true,
    db: { executeSql: async (text, values) => client.query(text, values) },
  })
  // What it tells has failed the installation, too.
  boss.on('error', () => {})
  await boss.start()
  for (const name of jobNames) if ((await boss.getQueue(name)) === null) await boss.createQueue(name, RETRY)
  await boss.stop({ graceful: false })
  await client.query(`
    grant usage on schema ${SCHEMA} to tenon_queue, tenon_app, tenon_engine, tenon_accounts;
    grant select (name, state) on ${SCHEMA}.job to tenon_engine;
    grant select, insert, update, delete on all tables in schema ${SCHEMA} to tenon_queue;
    grant usage, select on all sequences in schema ${SCHEMA} to tenon_queue;
    grant execute on all functions in schema ${SCHEMA} to tenon_queue;
    grant select, insert on all tables in schema ${SCHEMA} to tenon_app, tenon_accounts`)
}

export function createQueue(options: { url: string; signingKey: string; log: Log }): Queue {
  const { signingKey, log } = options
  const stopping = new AbortController()
  let boss: PgBoss | undefined
  return {
    enqueue: (sql, job, payload, { requestId }) =>
      tracedInside(`send ${job}`, { kind: 'producer', attributes: attributesOf(job, 'send') }, async () => {
        const origin = { requestId, traceParent: currentTraceParent() ?? undefined }
        const sender = new PgBoss({ ...QUIET, migrate: false, db: bossOver(sql) })
        await sender.insert(job, [{ data: signPayload(signingKey, job, payload, origin) }])
      }),
    start: async (jobs) => {
      boss = new PgBoss({
        schema: SCHEMA,
        connectionString: options.url,
        options: '-c role=tenon_queue',
        application_name: 'tenon queue',
        max: 2,
        migrate: false,
        schedule: false,
        monitorIntervalSeconds: 1,
        superviseIntervalSeconds: 1,
      })
      boss.on('error', (error) => log.warn({ err: error }, 'the job queue met an error'))
      await boss.start()
      for (const job of jobs) {
        const pace = { pollingIntervalSeconds: 1, heartbeatRefreshSeconds: 4, localConcurrency: job.parallel ?? 1 }
        await boss.work<object>(job.name, pace, async (batch) => {
          for (const { data, id } of batch)
            await runJob(job, { id, data }, { signingKey, log, signal: stopping.signal })
        })
      }
    },
    stop: async () => {
      stopping.abort()
      await boss?.stop({ graceful: true, timeout: 5_000 })
    },
  }
}

async function runJob(
  job: Job,
  { id, data }: { id: string; data: unknown },
  { signingKey, log: parent, signal }: { signingKey: string; log: Log; signal: AbortSignal },
): Promise<void> {
  const verified = verifyPayload(signingKey, job.name, data)
  const payload = job.payload.safeParse(verified?.payload)
  const { requestId, traceParent = null } = verified?.origin ?? {}
  const call = requestId === undefined ? {} : { requestId }
  const log = parent.child({ jobId: id, job: job.name, ...call })
  if (!payload.success) {
    const err = new Error(verified === null ? 'no signature of this installation' : 'a payload of another form')
    log.error({ err }, 'a job with a forged or malformed payload was refused')
    return
  }
  const attributes = {
    ...attributesOf(job.name, 'process'),
    'messaging.message.id': id,
    ...(requestId === undefined ? {} : { 'tenon.request_id': requestId }),
  }
  await traced(`process ${job.name}`, { kind: 'consumer', attributes, parent: traceParent }, async () => {
    const about = aboutOf(payload.data)
    const began = performance.now()
    try {
      await job.run(payload.data, signal)
    } catch (error) {
      log.error({ err: error, ...about }, 'a job failed')
      throw error
    }
    log.info({ ...about, elapsedMs: Math.round(performance.now() - began) }, 'a job is done')
  })
}

/** Of what the payload names, the organisation and the repository. */
function aboutOf(payload: unknown): object {
  const org = typeof payload === 'object' && payload !== null && 'org' in payload ? { org: payload.org } : {}
  return { ...org, ...repositoryIn(payload) }
}

function attributesOf(job: string, operation: 'send' | 'process') {
  return {
    'messaging.system': 'pg-boss',
    'messaging.destination.name': job,
    'messaging.operation.type': operation,
    'messaging.operation.name': operation,
  }
}

/** pg-boss speaks through the caller's transaction. */
function bossOver(sql: Sql): { executeSql(text: string, values?: unknown[]): Promise<{ rows: object[] }> } {
  return {
    executeSql: async (text, values = []) => {
      const params = values.map((_, i) => String(i))
      return {
        rows: await sql.run(
          { name: '', text, params },
          Object.fromEntries(values.map((value, i) => [String(i), value])),
        ),
      }
    },
  }
}
