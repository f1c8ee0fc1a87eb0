import { setTimeout as sleep } from 'node:timers/promises'
import { TIMEOUTS } from '../../contract/timeouts.ts'
import { ERRORS, type JsonValue } from '../../contract/errors.ts'
import type { Log } from '../../kernel/ctx.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import { redactText } from '../../kernel/redact.ts'
import { TenonError, toTenonError } from '../../kernel/tenon-error.ts'
import type { Database } from '../../platform/db/index.ts'
import type { ClaimedChunk } from './claim.sql.ts'
import type { ChunkResult, Pipeline, PipelineMap, Plan, RunCtx } from './pipeline.ts'
import { insertLog } from './runs.sql.ts'
import { chunkKeyOf, type StepOutcome } from './settle.ts'
import { deleteWork, insertWork, selectResults } from './settle.sql.ts'
import { stepFields } from './step-fields.ts'
import { CANCELLED, LOST, RELEASED, STOPPING } from './workbench.ts'

interface Work {
  readonly db: Database
  readonly log: Log
  readonly pipelines: PipelineMap
}

/** Chunks of a plan that are written, and results that are read, at once. */
const PAGE = 1_000
/** A step that does not heed its signal is left to itself after this. */
const DEAF_MS = 5_000

/** Runs one step of a pipeline. Never throws: what goes wrong is the outcome. */
export async function performStep(work: Work, chunk: ClaimedChunk, aborted: AbortSignal): Promise<StepOutcome> {
  const { step, n } = chunk
  const log = work.log.child(stepFields(chunk))
  const began = performance.now()
  try {
    const pipeline = work.pipelines.get(chunk.pipeline)
    if (pipeline === undefined) throw new Error(`no pipeline ${chunk.pipeline}`)
    await failpoint('step.begun')
    const limit = AbortSignal.timeout(pipeline.timeoutsMs?.[step] ?? TIMEOUTS.step)
    const signal = AbortSignal.any([aborted, limit])
    const ctx = ctxOf({ ...work, log }, { chunk, pipeline, signal })
    const outcome = await orAbandoned(outcomeOf(work, pipeline, ctx, chunk), signal)
    await failpoint('step.ended')
    // A run may have very many parts of work, but has one plan and one end.
    log[step === 'work' ? 'debug' : 'info']({ elapsedMs: Math.round(performance.now() - began) }, 'a step is done')
    return outcome
  } catch (thrown) {
    const { reason } = aborted as { reason: unknown }
    if (thrown === LOST || reason === STOPPING || reason === LOST || reason === CANCELLED) return RELEASED
    const error = toTenonError(thrown)
    log[isFault(error) ? 'error' : 'warn']({ err: error }, 'a step failed')
    const message = `${step} ${n} failed: ${error.message}`
    await say(work.db, chunk, 'error', message).catch((cause: unknown) =>
      log.warn({ err: cause }, "the run's log could not be written"),
    )
    return { kind: 'failed', error }
  }
}

/** Of Tenon or of what it stands on; the rest is what a repository or its server is like. */
function isFault({ code }: TenonError): boolean {
  return (ERRORS[code].httpStatus ?? ERRORS.internal.httpStatus) >= 500
}

function outcomeOf(work: Work, pipeline: Pipeline, ctx: RunCtx<never>, chunk: ClaimedChunk): Promise<StepOutcome> {
  switch (chunk.step) {
    case 'plan':
      return pipeline.plan(ctx).then((plan) => writePlan(work.db, chunk, plan, ctx.signal))
    case 'work':
      return pipeline
        .processChunk(ctx, chunk.chunkInput, chunk.n)
        .then((result) => ({ kind: 'worked', ...result }) as const)
    case 'finish':
      return pipeline
        .finish(ctx, resultsOf(work.db, chunk))
        .then((result) => ({ kind: 'finished', ...result }) as const)
  }
}

function ctxOf(
  { db, log }: Work,
  { chunk, pipeline, signal }: { chunk: ClaimedChunk; pipeline: Pipeline; signal: AbortSignal },
): RunCtx<never> {
  const { orgId: org, runId, attempt, requestId, runInput } = chunk
  const input = pipeline.input.parse(runInput)
  const { write } = db.tenant(org)
  const sayTo: RunCtx<never>['say'] = (level, message) => say(db, chunk, level, message)
  return { org, runId, attempt, input, requestId, signal, log, say: sayTo, inTenant: write }
}

async function say(
  db: Database,
  { orgId: org, runId: run }: ClaimedChunk,
  level: 'info' | 'warn' | 'error',
  text: string,
): Promise<void> {
  const message = redactText(text).slice(0, 4_000)
  await db.tenant(org).write((sql) => sql.run(insertLog, { org, run, level, message }))
}

/**
 * Writes a plan page by page as it is made; the last page goes with the settlement, so that most plans are one
 * transaction. Nothing of it is claimed before the plan is settled.
 */
async function writePlan(
  db: Database,
  chunk: ClaimedChunk,
  { chunks, effects }: Plan,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const { org, run, attempt } = chunkKeyOf(chunk)
  if (attempt > 1) {
    const cleared = await db.cross('engine', (sql) => sql.run(deleteWork, { org, run, attempt }))
    if (cleared.length === 0) throw LOST
  }
  let written = 0
  let page: JsonValue[] = []
  for await (const input of chunks) {
    if (page.length === PAGE) {
      signal.throwIfAborted()
      const inputs = JSON.stringify(page)
      const rows = await db.cross('engine', (sql) => sql.run(insertWork, { org, run, attempt, from: written, inputs }))
      if (rows.length === 0) throw LOST
      await failpoint('plan.written')
      written += page.length
      page = []
    }
    page.push(input)
  }
  return { kind: 'planned', written, rest: page, effects }
}

async function* resultsOf(db: Database, { orgId: org, runId: run }: ClaimedChunk): AsyncGenerator<ChunkResult> {
  for (let after = -1; ;) {
    const page = await db.cross('engine', (sql) => sql.run(selectResults, { org, run, after, limit: PAGE }))
    for (const { n, result, errorCode } of page) yield { n, result, error: errorCode }
    const last = page.at(-1)
    if (last === undefined) return
    after = last.n
  }
}

/** With the signal's reason a while after it was given, whether the work has heeded it or not. */
async function orAbandoned<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const ended = new AbortController()
  const abandoned = new Promise<never>((_, reject) => {
    signal.addEventListener(
      'abort',
      () => {
        const deaf = sleep(DEAF_MS, undefined, { signal: ended.signal, ref: false })
        deaf.then(
          () => reject(reasonOf(signal)),
          // The work has ended before.
          () => {},
        )
      },
      { once: true, signal: ended.signal },
    )
  })
  try {
    return await Promise.race([work, abandoned])
  } catch (thrown) {
    // However a step fails that was told to stop: it failed for that.
    throw signal.aborted ? reasonOf(signal) : thrown
  } finally {
    // A reason of its own for each would cost more than all else of a short step.
    ended.abort(null)
  }
}

function reasonOf({ reason }: AbortSignal): Error {
  if (reason instanceof TenonError) return reason
  return new TenonError('timeout', { cause: reason })
}
