import { isEnded, type RunStatus } from '../../contract/runs.ts'
import type { JsonValue } from '../../contract/errors.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { creditsOfRuns, settleCredits } from '../../domains/credits/index.ts'
import { lowerUsage } from '../../domains/limits/index.ts'
import type { Log } from '../../kernel/ctx.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import type { ParamsOf, Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { Database, EngineTransaction } from '../../platform/db/index.ts'
import type { ChunkKey, ClaimedChunk } from './claim.sql.ts'
import { closeRun } from './close-run.ts'
import type { Effects, Pipeline, PipelineMap, StepResult } from './pipeline.ts'
import { chargeRun, closeCredits, costOf, reserveFor } from './run-credits.ts'
import { insertLog } from './runs.sql.ts'
import * as sql from './settle.sql.ts'
import { RETRY_WAITS_S, statesBefore } from './transitions.ts'

/** What a step has come to. */
export type StepOutcome =
  | {
      readonly kind: 'planned'
      readonly written: number
      readonly rest: readonly JsonValue[]
      readonly effects?: Effects | undefined
    }
  | ({ readonly kind: 'worked' } & StepResult)
  | ({ readonly kind: 'finished' } & StepResult)
  | { readonly kind: 'failed'; readonly error: TenonError }
  /** The worker stops, or the run was cancelled: the chunk goes back without using up a try. */
  | { readonly kind: 'released' }

/** Thrown inside a settlement to roll it back: another attempt holds the chunk, or the run has ended. */
class Fenced extends Error {}

export interface Settlement {
  readonly chunk: ClaimedChunk
  readonly pipelines: PipelineMap
  readonly outcome: StepOutcome
  readonly log: Log
  readonly retryWaitsS?: readonly number[] | undefined
}

/**
 * Writes the outcome of one attempt, with its effects, in one transaction. Answers false when the attempt is over: then
 * nothing was written.
 */
export async function settle(db: Database, settlement: Settlement): Promise<boolean> {
  try {
    await failpoint('settle.begun')
    await db.cross('engine', async (tx) => {
      await write(tx, settlement)
      await failpoint('settle.written')
    })
    await failpoint('settle.committed')
    return true
  } catch (thrown) {
    if (thrown instanceof Fenced) return false
    if (settlement.outcome.kind !== 'planned' || !isTooDear(thrown)) throw thrown
    await tellTooDear(db, settlement.chunk, thrown)
    return settle(db, { ...settlement, outcome: { kind: 'failed', error: thrown } })
  }
}

/** There are not enough credits for a plan: its run fails. */
function isTooDear(thrown: unknown): thrown is TenonError {
  return thrown instanceof TenonError && thrown.code === 'insufficient_credits'
}

async function tellTooDear(
  db: Database,
  { orgId: org, runId: run }: ClaimedChunk,
  { details }: TenonError,
): Promise<void> {
  const { required, available } = details ?? {}
  const message = `the plan needs ${JSON.stringify(required)} credits more, and ${JSON.stringify(available)} are available`
  await db.tenant(org).write((tenant) => tenant.run(insertLog, { org, run, level: 'error', message }))
}

export function chunkKeyOf({ orgId, runId, step, n, attempt }: ClaimedChunk): ChunkKey {
  return { org: orgId, run: runId, step, n, attempt }
}

async function write(
  tx: EngineTransaction,
  { chunk, pipelines, outcome, log, retryWaitsS }: Settlement,
): Promise<void> {
  const key = chunkKeyOf(chunk)
  const { org, run } = key
  switch (outcome.kind) {
    case 'planned':
      return writePlan(tx, chunk, outcome)
    case 'worked': {
      await fence(tx.run(sql.settleDone, { ...key, result: JSON.stringify(outcome.result) }))
      await applyEffects(tx, org, outcome.effects)
      // Cancelled since the look at the attempt: the effects go with the rest.
      if (isEnded(await countWork(tx, { org, run, done: 1, failed: 0, held: 1 }))) throw new Fenced('the run has ended')
      await chargeRun(
        tx,
        { org, run, key: `work:${key.n}:${key.attempt}`, captured: chunk.priceChunk ?? 0, released: 0 },
        log,
      )
      return
    }
    case 'finished': {
      await fence(tx.run(sql.settleDone, { ...key, result: 'null' }))
      await applyEffects(tx, org, outcome.effects)
      const failed = (await tx.run(sql.selectAlive, { org, run }))[0]?.chunksFailed ?? 0
      const status: RunStatus = failed > 0 ? 'completed_with_errors' : 'succeeded'
      const summary = JSON.stringify(outcome.result)
      const end = { org, run, status, from: statesBefore(status), code: null, failed: 0, held: 1, summary }
      await endRun(tx, end, chunk.priceRun)
      return
    }
    case 'released':
      return putBack(tx, { ...key, usedTry: false, waitMs: 0, code: null })
    case 'failed':
      return writeFailure(tx, { chunk, pipeline: pipelines.get(chunk.pipeline), log, retryWaitsS }, outcome.error)
  }
}

async function writePlan(
  tx: EngineTransaction,
  chunk: ClaimedChunk,
  { written, rest, effects }: Extract<StepOutcome, { kind: 'planned' }>,
): Promise<void> {
  const key = chunkKeyOf(chunk)
  const { org, run, attempt } = key
  const total = written + rest.length
  const status: RunStatus = total === 0 ? 'finishing' : 'running'
  if (rest.length > 0)
    await fence(tx.run(sql.insertWork, { org, run, attempt, from: written, inputs: JSON.stringify(rest) }))
  await fence(tx.run(sql.settleDone, { ...key, result: JSON.stringify(total) }))
  await applyEffects(tx, org, effects)
  await fence(tx.run(sql.setPlanned, { org, run, status, from: statesBefore(status), total }))
  if (total === 0) await tx.run(sql.insertFinish, { org, run })
  await reservePlanned(tx, chunk, total)
}

/** All that the run can cost from here on is set aside, or nothing of the plan is kept. */
async function reservePlanned(tx: EngineTransaction, chunk: ClaimedChunk, total: number): Promise<void> {
  if (chunk.priceRun === null) return
  const { orgId: org, runId: run, attempt } = chunk
  const reserved = (await creditsOfRuns(tx, org, [run])).get(run)?.reserved ?? 0
  const missing = costOf(chunk, { chunks: total }) - reserved
  const key = `plan:${attempt}`
  await reserveFor(tx, { org, run }, { key, amount: missing })
  if (missing < 0) await settleCredits(tx, org, { run, key, captured: 0, released: -missing })
}

async function putBack(tx: EngineTransaction, chunk: ParamsOf<typeof sql.settleReady>): Promise<void> {
  await fence(tx.run(sql.settleReady, chunk))
  const [run] = await tx.run(sql.lowerActive, chunk)
  if (run?.alive !== true) await tx.run(sql.skipChunk, chunk)
}

async function writeFailure(
  tx: EngineTransaction,
  {
    chunk,
    pipeline,
    log,
    retryWaitsS = RETRY_WAITS_S,
  }: {
    chunk: ClaimedChunk
    pipeline: Pipeline | undefined
    log: Log
    retryWaitsS?: readonly number[] | undefined
  },
  error: TenonError,
): Promise<void> {
  const key = chunkKeyOf(chunk)
  const { org, run } = key
  // A provider that is busy says when to come again: that is no failure of the step.
  const laterS = error.code === 'rate_limited' ? error.details?.['retryAfterSeconds'] : undefined
  const waitS =
    typeof laterS === 'number'
      ? Math.min(3_600, Math.max(1, laterS))
      : error.retryable
        ? retryWaitsS[chunk.tries]
        : undefined
  if (waitS !== undefined) {
    const usedTry = typeof laterS !== 'number'
    return putBack(tx, { ...key, usedTry, waitMs: waitS * 1000, code: error.code })
  }
  await fence(tx.run(sql.settleFailed, { ...key, code: error.code }))
  const { step, n, attempt, priceChunk } = chunk
  await afterFailure(tx, { org, run, step, n, attempt, priceChunk, code: error.code, held: 1, pipeline, log })
}

/** A chunk has failed for good: the run counts it and goes on, or ends. */
export async function afterFailure(
  tx: EngineTransaction,
  failure: {
    readonly org: OrgId
    readonly run: RunId
    readonly step: ChunkKey['step']
    readonly n: number
    readonly attempt: number
    readonly priceChunk: number | null
    readonly code: TenonError['code']
    /** Whether the chunk still counts among the run's active ones. */
    readonly held: 0 | 1
    readonly pipeline: Pipeline | undefined
    readonly log: Log
  },
): Promise<void> {
  const { org, run, step, n, attempt, priceChunk, code, held, pipeline, log } = failure
  if (step === 'work' && pipeline?.toleratesFailures === true) {
    await countWork(tx, { org, run, done: 0, failed: 1, held })
    return chargeRun(tx, { org, run, key: `work:${n}:${attempt}`, captured: 0, released: priceChunk ?? 0 }, log)
  }
  const failed = step === 'work' ? 1 : 0
  const closed = await closeRun(tx, { org, run, status: 'failed', code, failed, held, pipeline, log })
  if (!closed && held > 0) await tx.run(sql.lowerActive, { org, run })
}

/** The run leaves the count of those that have not ended in the transaction that ends it. */
async function endRun(
  tx: EngineTransaction,
  ending: ParamsOf<typeof sql.endRun>,
  priceRun: number | null,
): Promise<void> {
  await fence(tx.run(sql.endRun, ending))
  await closeCredits(tx, ending, { priceRun, charge: true })
  await lowerUsage(tx, ending.org, 'concurrentRuns', 1)
  await failpoint('run.ended')
}

async function countWork(tx: EngineTransaction, counts: ParamsOf<typeof sql.countWork>): Promise<RunStatus> {
  const [after] = await tx.run(sql.countWork, counts)
  if (after === undefined) throw new Fenced('the run is gone')
  if (after.status === 'finishing') await tx.run(sql.insertFinish, counts)
  return after.status
}

async function applyEffects(tx: EngineTransaction, org: OrgId, effects: Effects | undefined): Promise<void> {
  if (effects !== undefined) await tx.asTenant(org, (tenant: Sql) => effects(tenant))
}

async function fence(rows: Promise<readonly unknown[]>): Promise<void> {
  if ((await rows).length === 0) throw new Fenced('this attempt is over')
}
