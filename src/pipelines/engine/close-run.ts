import type { ErrorCode } from '../../contract/errors.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { lowerUsage } from '../../domains/limits/index.ts'
import type { Log } from '../../kernel/ctx.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { EngineTransaction } from '../../platform/db/index.ts'
import type { Pipeline } from './pipeline.ts'
import { closeCredits } from './run-credits.ts'
import { endRun, selectAlive, skipRest } from './settle.sql.ts'
import { statesBefore } from './transitions.ts'

/** Thrown to undo what was done for a run that has ended meanwhile. */
class Over extends Error {}

/**
 * Ends a run that can not go on: what its pipeline has to put right, its state, its count, and what is left of its work, in
 * one transaction. Locks are taken in the order of every settlement: the pipeline's rows before the run's own. Answers
 * false when the run has ended already.
 */
export async function closeRun(
  tx: EngineTransaction,
  ending: {
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
  const { org, run, status, code, failed, held, pipeline, log } = ending
  const [alive] = await tx.run(selectAlive, { org, run })
  if (alive === undefined) return false
  const { onStopped } = pipeline ?? {}
  const input = pipeline?.input.safeParse(alive.input)
  const stop = async (): Promise<void> => {
    if (onStopped === undefined || input?.success !== true) return
    const facts = { org, runId: run, subject: alive.subject, input: input.data }
    await tx.asTenant(org, (tenant) => onStopped(tenant, facts))
  }
  const from = statesBefore(status)
  const end = () => tx.run(endRun, { org, run, status, from, summary: null, code, failed, held })
  const ended = await tx
    .attempt(async () => {
      await stop()
      // Ended by another in between: what the pipeline has done for it is undone.
      if ((await end()).length === 0) throw new Over()
      return true
    })
    .catch(async (error: unknown) => {
      if (error instanceof Over) return false
      // What may pass is tried again; a run also ends when its pipeline can not do its part.
      if (error instanceof TenonError && error.retryable) throw error
      log.error({ err: error, org, runId: run }, 'a pipeline could not stop its run')
      return (await end()).length > 0
    })
  if (!ended) return false
  await tx.run(skipRest, { org, run })
  await closeCredits(tx, { org, run }, { priceRun: alive.priceRun, charge: false })
  await lowerUsage(tx, org, 'concurrentRuns', 1)
  await failpoint('run.closed')
  return true
}
