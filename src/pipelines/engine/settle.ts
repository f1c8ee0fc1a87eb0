import type { RunStatus } from '../../contract/runs.ts'
import { lowerUsage } from '../../domains/limits/index.ts'
import type { ParamsOf, Sql } from '../../kernel/statement.ts'
import { type TenonError } from '../../kernel/tenon-error.ts'
import type { Database, EngineTransaction } from '../../platform/db/index.ts'
import type { JsonValue } from '../../contract/errors.ts'
import * as sql from './claim.sql.ts'
import type { Effects, Pipeline, StepResult } from './pipeline.ts'
import { RETRY_WAITS_S, statesBefore } from './transitions.ts'

/** What a step has come to. */
export type StepOutcome =
  | { readonly kind: 'planned'; readonly chunks: readonly JsonValue[]; readonly effects?: Effects | undefined }
  | ({ readonly kind: 'worked' } & StepResult)
  | ({ readonly kind: 'finished' } & StepResult)
  | { readonly kind: 'failed'; readonly error: TenonError }
  /** The worker stops: the chunk goes back without using up a try. */
  | { readonly kind: 'released' }

/** Thrown inside a settlement to roll it back: another attempt holds the chunk, or the run has ended. */
class Fenced extends Error {}

/**
 * Writes the outcome of one attempt, with its effects, in one transaction. Answers false when the attempt is over:
 * then nothing was written.
 */
export async function settle(
  db: Database,
  {
    chunk,
    pipeline,
    outcome,
    retryWaitsS = RETRY_WAITS_S,
  }: {
    chunk: sql.ClaimedChunk
    pipeline: Pipeline | undefined
    outcome: StepOutcome
    retryWaitsS?: readonly number[] | undefined
  },
): Promise<boolean> {
  const key = chunkKeyOf(chunk)
  try {
    await db.cross('engine', (tx) => write(tx, { key, chunk, pipeline, outcome, retryWaitsS }))
    return true
  } catch (thrown) {
    if (thrown instanceof Fenced) return false
    throw thrown
  }
}

export function chunkKeyOf({ orgId, runId, step, n, attempt }: sql.ClaimedChunk): sql.ChunkKey {
  return { org: orgId, run: runId, step, n, attempt }
}

interface Settlement {
  readonly key: sql.ChunkKey
  readonly chunk: sql.ClaimedChunk
  readonly pipeline: Pipeline | undefined
  readonly outcome: StepOutcome
  readonly retryWaitsS: readonly number[]
}

async function write(tx: EngineTransaction, settlement: Settlement): Promise<void> {
  const { key, chunk, outcome } = settlement
  const { org, run } = key
  switch (outcome.kind) {
    case 'planned': {
      const total = outcome.chunks.length
      const status: RunStatus = total === 0 ? 'finishing' : 'running'
      await fence(tx.run(sql.settleDone, { ...key, result: JSON.stringify(total) }))
      await applyEffects(tx, chunk, outcome.effects)
      await fence(tx.run(sql.setPlanned, { org, run, status, from: statesBefore(status), total }))
      if (total === 0) await tx.run(sql.insertFinish, { org, run })
      else await tx.run(sql.insertWork, { org, run, inputs: JSON.stringify(outcome.chunks) })
      return
    }
    case 'worked': {
      await fence(tx.run(sql.settleDone, { ...key, result: JSON.stringify(outcome.result) }))
      await applyEffects(tx, chunk, outcome.effects)
      const [after] = await tx.run(sql.countDone, { org, run })
      if (after?.status === 'finishing') await tx.run(sql.insertFinish, { org, run })
      return
    }
    case 'finished': {
      await fence(tx.run(sql.settleDone, { ...key, result: 'null' }))
      await applyEffects(tx, chunk, outcome.effects)
      const ending = { status: 'succeeded', from: statesBefore('succeeded'), code: null, failed: 0 } as const
      await endRun(tx, { org, run, ...ending, summary: JSON.stringify(outcome.result) })
      return
    }
    case 'released':
      await fence(tx.run(sql.settleReady, { ...key, usedTry: false, waitMs: 0, code: null }))
      await tx.run(sql.lowerActive, { org, run })
      return
    case 'failed':
      return settleFailure(tx, settlement, outcome.error)
  }
}

async function settleFailure(
  tx: EngineTransaction,
  { key, chunk, pipeline, retryWaitsS }: Settlement,
  error: TenonError,
): Promise<void> {
  const { org, run } = key
  const waitS = error.retryable ? retryWaitsS[chunk.tries] : undefined
  if (waitS !== undefined) {
    await fence(tx.run(sql.settleReady, { ...key, usedTry: true, waitMs: waitS * 1000, code: error.code }))
    await tx.run(sql.lowerActive, { org, run })
    return
  }
  await fence(tx.run(sql.settleFailed, { ...key, code: error.code }))
  if ((await tx.run(sql.selectAlive, { org, run })).length === 0)
    return void (await tx.run(sql.lowerActive, { org, run }))
  // Before the run's own row, as in every settlement: locks are taken in one order.
  const input = pipeline?.input.safeParse(chunk.runInput)
  const { onFailed } = pipeline ?? {}
  if (onFailed !== undefined && input?.success === true)
    await tx.asTenant(org, (tenant) => onFailed(tenant, { org, runId: run, input: input.data }))
  const failed = chunk.step === 'work' ? 1 : 0
  const ending = { status: 'failed', from: statesBefore('failed'), code: error.code, failed, summary: null } as const
  await endRun(tx, { org, run, ...ending })
  await tx.run(sql.skipRest, { org, run })
}

async function applyEffects(
  tx: EngineTransaction,
  { orgId }: sql.ClaimedChunk,
  effects: Effects | undefined,
): Promise<void> {
  if (effects !== undefined) await tx.asTenant(orgId, (tenant: Sql) => effects(tenant))
}

/** The run leaves the count of those that have not ended in the transaction that ends it. */
async function endRun(tx: EngineTransaction, ending: ParamsOf<typeof sql.endRun>): Promise<void> {
  await fence(tx.run(sql.endRun, ending))
  await lowerUsage(tx, ending.org, 'concurrentRuns', 1)
}

async function fence(rows: Promise<readonly unknown[]>): Promise<void> {
  if ((await rows).length === 0) throw new Fenced('this attempt is over')
}
