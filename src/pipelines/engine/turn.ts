import type { Log } from '../../kernel/ctx.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import type { JsonValue } from '../../contract/errors.ts'
import type { RunId } from '../../contract/ids.ts'
import type { Database, EngineTransaction } from '../../platform/db/index.ts'
import { claimChunks, lockClaims, reapExpired, type ClaimedChunk, type LostChunk } from './claim.sql.ts'
import type { PipelineMap } from './pipeline.ts'
import { chargeRun, type Charge } from './run-credits.ts'
import { afterFailure } from './settle.ts'
import { settleWork, type WrittenChunk } from './settle.sql.ts'

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
    const { late, more, charges } = await writeOutcomes(tx, request.outcomes)
    // Runs are locked before accounts, by everybody.
    const lost = request.reap ? await tx.run(reapExpired, {}) : []
    for (const charge of charges) await chargeRun(tx, charge, request.log)
    await endLost(tx, lost, request)
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
): Promise<{ late: readonly PlainOutcome[]; more: boolean; charges: readonly Charge[] }> {
  if (outcomes.length === 0) return { late: [], more: false, charges: [] }
  const rows = outcomes.map(({ chunk: { orgId, runId, n, attempt }, result }) => ({
    org: orgId,
    run: runId,
    n,
    attempt,
    result,
  }))
  const written = await tx.run(settleWork, { outcomes: JSON.stringify(rows) })
  const more = written.some(({ last }) => last)
  const charges = chargesOf(outcomes, written)
  if (written.length === outcomes.length) return { late: [], more, charges }
  const keys = new Set(written.map(({ runId, n, attempt }) => `${runId} ${n} ${attempt}`))
  const late = outcomes.filter(({ chunk: { runId, n, attempt } }) => !keys.has(`${runId} ${n} ${attempt}`))
  return { late, more, charges }
}

/** One for each run that is not free; the accounts are always held in the same order. */
function chargesOf(outcomes: readonly PlainOutcome[], written: readonly WrittenChunk[]): readonly Charge[] {
  const prices = new Map<RunId, number>()
  for (const { chunk } of outcomes) if ((chunk.priceChunk ?? 0) > 0) prices.set(chunk.runId, chunk.priceChunk ?? 0)
  if (prices.size === 0) return []
  const charges = new Map<RunId, Charge>()
  for (const { orgId: org, runId: run, n, attempt } of written) {
    const price = prices.get(run)
    if (price === undefined) continue
    const { key = `work:${n}:${attempt}`, captured = 0 } = charges.get(run) ?? {}
    charges.set(run, { org, run, key, captured: captured + price, released: 0 })
  }
  return [...charges.values()].toSorted((a, b) => (a.org < b.org ? -1 : 1))
}

async function endLost(
  tx: EngineTransaction,
  chunks: readonly LostChunk[],
  { pipelines, log }: TurnRequest,
): Promise<void> {
  for (const { orgId: org, runId: run, state, pipeline: name, ...chunk } of chunks) {
    const { step, n } = chunk
    log.warn({ org, runId: run, step, n, state }, 'the worker of a chunk is gone')
    await failpoint('chunk.reaped')
    if (state === 'failed')
      await afterFailure(tx, { org, run, ...chunk, code: 'worker_lost', held: 0, pipeline: pipelines.get(name), log })
  }
}
