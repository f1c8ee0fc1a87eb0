import type { OrgId, RunId } from '../../contract/ids.ts'
import { lowerUsage } from '../../domains/limits/index.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { PipelineMap } from './pipeline.ts'
import { closeCredits } from './run-credits.ts'
import { cancelRuns, selectAlive, type RunFilter } from './runs.sql.ts'

/** How many runs one call may end. */
export const MAX_CANCELLED = 1_000

/**
 * Ends what fits and has not ended; answers the ids. Workers abort what they have under way. Locks are taken in the order
 * of every settlement, the pipeline's rows before the run's own: a run that has ended in between gives `unavailable`, to
 * be asked again.
 */
export async function cancelAll(
  sql: Sql,
  pipelines: PipelineMap,
  filter: Pick<RunFilter, 'org'> & Partial<RunFilter>,
): Promise<RunId[]> {
  const { org } = filter
  const none = { pipeline: null, subject: null, schedule: null, createdBefore: null, run: null }
  const alive = await sql.run(selectAlive, { ...none, ...filter, limit: MAX_CANCELLED })
  for (const { id, pipeline, subject, input } of alive) {
    const { input: schema, onStopped } = pipelines.get(pipeline) ?? {}
    const parsed = schema?.safeParse(input)
    if (parsed?.success === true) await onStopped?.(sql, { org, runId: id, subject, input: parsed.data })
  }
  const ids = alive.map(({ id }) => id)
  const cancelled = await sql.run(cancelRuns, { org, ids })
  if (cancelled.length < ids.length) throw new TenonError('unavailable')
  for (const { id: run, priceRun } of cancelled) await closeCredits(sql, { org, run }, { priceRun, charge: false })
  await lowerUsage(sql, org, 'concurrentRuns', cancelled.length)
  if (cancelled.length > 0) await failpoint('run.cancelled')
  return ids
}

/** What works on a subject, by whoever puts its own rows right itself. */
export async function cancelRunsOf(sql: Sql, org: OrgId, subject: string): Promise<void> {
  await cancelAll(sql, new Map(), { org, subject })
}
