import type { ErrorCode } from '../../contract/errors.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { lowerUsage } from '../../domains/limits/index.ts'
import type { Log } from '../../kernel/ctx.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import type { EngineTransaction } from '../../platform/db/index.ts'
import type { Pipeline } from './pipeline.ts'
import { endRun, selectAlive, skipRest } from './settle.sql.ts'
import { statesBefore } from './transitions.ts'

/**
 * Ends a run that can not go on: what its pipeline has to put right, its state, its count, and what is left of its work, in
 * one transaction. Locks are taken in the order of every settlement: the pipeline's rows before the run's own. Answers
 * false when the run has ended already.
 */
export async function closeRun(
  tx: EngineTransaction,
  end: {
    readonly org: OrgId
    readonly run: RunId
    readonly status: 'failed' | 'cancelled'
    readonly code: ErrorCode | null
    /** Work chunks that have failed and are not counted yet. */
    readonly failed: number
    /** Chunks that were under way and are not any more. */
    readonly held: number
    readonly pipeline: Pipeline | undefined
    readonly log: Log
  },
): Promise<boolean> {
  const { org, run, status, code, failed, held, pipeline, log } = end
  const [alive] = await tx.run(selectAlive, { org, run })
  if (alive === undefined) return false
  const input = pipeline?.input.safeParse(alive.input)
  const { onStopped } = pipeline ?? {}
  if (onStopped !== undefined && input?.success === true) {
    const facts = { org, runId: run, subject: alive.subject, input: input.data }
    // A run ends and its count is lowered also when its pipeline can not do its part.
    await tx
      .attempt(() => tx.asTenant(org, (tenant) => onStopped(tenant, facts)))
      .catch((error: unknown) => log.error({ err: error, org, runId: run }, 'a pipeline could not stop its run'))
  }
  const from = statesBefore(status)
  const ended = await tx.run(endRun, { org, run, status, from, summary: null, code, failed, held })
  if (ended.length === 0) return false
  await tx.run(skipRest, { org, run })
  await lowerUsage(tx, org, 'concurrentRuns', 1)
  await failpoint('run.closed')
  return true
}
