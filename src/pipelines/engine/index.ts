import type { OrgId } from '../../contract/ids.ts'
import type { Run } from '../../contract/runs.ts'
import { lowerUsage, type Counted } from '../../domains/limits/index.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { BoundVerb } from '../../kernel/verb.ts'
import { getRunVerb } from './get-run.ts'
import { listRunLogsVerb } from './list-run-logs.ts'
import { listRunsVerb } from './list-runs.ts'
import { presentRun } from './present-run.ts'
import { cancelRuns, countActiveRuns, selectActiveRun } from './runs.sql.ts'

export { definePipeline, type Pipeline, type RunCtx } from './pipeline.ts'
export { startRun } from './start-run.ts'
export { createWakeUp, type WakeUp } from './wake-up.ts'
export { createWorker, type Worker } from './worker.ts'

export const engineVerbs: readonly BoundVerb[] = [listRunsVerb, getRunVerb, listRunLogsVerb]

/** The run that works on a subject now, if there is one. */
export async function activeRunOf(sql: Sql, org: OrgId, subject: string): Promise<Run | null> {
  const [row] = await sql.run(selectActiveRun, { org, subject })
  return row === undefined ? null : presentRun(row)
}

/** Ends what works on a subject; the workers notice at their next settlement or renewal. */
export async function cancelRunsOf(sql: Sql, org: OrgId, subject: string): Promise<void> {
  const cancelled = await sql.run(cancelRuns, { org, subject })
  await lowerUsage(sql, org, 'concurrentRuns', cancelled.length)
}

/** What the count of runs that have not ended stands for. */
export const countedRuns: Counted = {
  quota: 'concurrentRuns',
  count: async (sql, org) => (await sql.run(countActiveRuns, { org }))[0]?.count ?? 0,
}
