import { VERSION } from '../contract/health.ts'
import type { Log } from '../kernel/ctx.ts'
import { toTenonError } from '../kernel/tenon-error.ts'
import { readBacklog, type Pipeline } from '../pipelines/engine/index.ts'
import type { Database } from '../platform/db/index.ts'
import { countJobs, type Job } from '../platform/queue/index.ts'
import { createMetrics, type Metrics, type MetricsOptions } from '../platform/telemetry/metrics.ts'

export interface NodeMetricsOptions {
  readonly role: MetricsOptions['role']
  readonly db: Database
  readonly pipelines: readonly Pipeline[]
  readonly log: Log
}

/** What a node counts of itself, and what it reads of the installation in one transaction. */
export function nodeMetrics({ role, db, pipelines, log }: NodeMetricsOptions): Promise<Metrics> {
  return createMetrics({
    version: VERSION,
    role,
    pipelines: new Set(pipelines.map(({ id }) => id)),
    connections: db.connections,
    cluster: {
      read: () => db.cross('engine', async (sql) => ({ ...(await readBacklog(sql)), jobs: await countJobs(sql) })),
      failed: (error) => log.warn({ err: error }, 'the backlog could not be read'),
    },
  })
}

export function countedJobs(jobs: readonly Job[], { jobEnded }: Metrics): Job[] {
  return jobs.map((job) => ({
    ...job,
    run: async (payload, signal) => {
      const began = performance.now()
      let outcome = 'ok'
      try {
        await job.run(payload, signal)
      } catch (error) {
        outcome = toTenonError(error).code
        throw error
      } finally {
        jobEnded({ job: job.name, outcome, seconds: (performance.now() - began) / 1_000 })
      }
    },
  }))
}
