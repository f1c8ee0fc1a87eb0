import type { Log } from '../../kernel/ctx.ts'
import type { Database } from '../../platform/db/index.ts'
import { closeRun } from './close-run.ts'
import type { PipelineMap } from './pipeline.ts'
import { archiveRuns, deleteChunks, deleteOldRuns, selectExpired } from './upkeep.sql.ts'

export interface UpkeepOptions {
  readonly db: Database
  readonly pipelines: PipelineMap
  readonly log: Log
  /** Days after which a run is forgotten. */
  readonly retentionDays: number
}

/** Ends runs that were not done within a day, archives those that have ended an hour ago, and forgets old ones. */
export async function keepRuns({ db, pipelines, log, retentionDays }: UpkeepOptions): Promise<void> {
  for (const { orgId: org, id: run, pipeline: name } of await db.cross('engine', (sql) => sql.run(selectExpired, {}))) {
    const end = { org, run, status: 'failed', code: 'run_expired', failed: 0, held: 0, log } as const
    await db.cross('engine', (tx) => closeRun(tx, { ...end, pipeline: pipelines.get(name) }))
    log.warn({ org, runId: run }, 'a run was not done within its time')
  }
  for (const { orgId: org, id: run } of await db.cross('engine', (sql) => sql.run(archiveRuns, {})))
    while ((await db.cross('engine', (sql) => sql.run(deleteChunks, { org, run }))).length > 0);
  while ((await db.cross('engine', (sql) => sql.run(deleteOldRuns, { days: retentionDays }))).length > 0);
}
