import type { Log } from '../../kernel/ctx.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import type { JsonValue } from '../../contract/errors.ts'
import type { Database, EngineTransaction } from '../../platform/db/index.ts'
import { claimChunks, lockClaims, reapExpired, type ClaimedChunk } from './claim.sql.ts'
import type { PipelineMap } from './pipeline.ts'
import { afterFailure } from './settle.ts'
import { settleWork } from './settle.sql.ts'

/** Work that has ended well and has no effects, so that it can be written together with others. */
export interface PlainOutcome {
  readonly chunk: ClaimedChunk
  readonly result: JsonValue
  readonly after?: (() => Promise<void>) | undefined
}

export interface TurnRequest {
  readonly worker: string
  readonly outcomes: readonly PlainOutcome[]
  /** Chunks that the worker can take. */
  readonly slots: number
  readonly leaseMs: number
  /** Whether to look for chunks of workers that are gone. */
  readonly reap: boolean
  readonly pipelines: PipelineMap
  readonly log: Log
}

export interface Turn {
  readonly claimed: readonly ClaimedChunk[]
  /** Those of `outcomes` that were too late: nothing of them was written. */
  readonly late: readonly PlainOutcome[]
  /** Something was made ready that this turn has not claimed. */
  readonly more: boolean
}

/** One transaction, and one at a time over all workers: writes what has ended, then claims what comes next. */
export async function takeTurn(db: Database, request: TurnRequest): Promise<Turn> {
  const turn = await db.cross('engine', async (tx) => {
    await tx.run(lockClaims, {})
    const { late, more } = await writeOutcomes(tx, request.outcomes)
    if (request.reap) await reap(tx, request)
    const { slots, worker, leaseMs } = request
    const claimed = slots > 0 ? await tx.run(claimChunks, { slots, worker, leaseMs }) : []
    await failpoint('batch.written')
    return { claimed, late, more }
  })
  await failpoint('batch.committed')
  return turn
}

async function writeOutcomes(
  tx: EngineTransaction,
  outcomes: readonly PlainOutcome[],
): Promise<{ late: readonly PlainOutcome[]; more: boolean }> {
  if (outcomes.length === 0) return { late: [], more: false }
  const rows = outcomes.map(({ chunk: { orgId, runId, n, attempt }, result }) => ({
    org: orgId,
    run: runId,
    n,
    attempt,
    result,
  }))
  const written = await tx.run(settleWork, { outcomes: JSON.stringify(rows) })
  const more = written.some(({ last }) => last)
  if (written.length === outcomes.length) return { late: [], more }
  const keys = new Set(written.map(({ runId, n, attempt }) => `${runId} ${n} ${attempt}`))
  return { late: outcomes.filter(({ chunk: { runId, n, attempt } }) => !keys.has(`${runId} ${n} ${attempt}`)), more }
}

async function reap(tx: EngineTransaction, { pipelines, log }: TurnRequest): Promise<void> {
  for (const { orgId: org, runId: run, step, n, state, pipeline } of await tx.run(reapExpired, {})) {
    log.warn({ org, runId: run, step, n, state }, 'the worker of a chunk is gone')
    await failpoint('chunk.reaped')
    if (state === 'failed')
      await afterFailure(tx, { org, run, step, code: 'worker_lost', held: 0, pipeline: pipelines.get(pipeline), log })
  }
}
