import { setImmediate as immediately } from 'node:timers/promises'
import type { ErrorCode } from '../../contract/errors.ts'
import type { Log } from '../../kernel/ctx.ts'
import { every, type Repeated } from '../../kernel/every.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError, toTenonError } from '../../kernel/tenon-error.ts'
import type { Database } from '../../platform/db/index.ts'
import { forgetWorker, renewLeases, seeWorker, type ClaimedChunk, type StepName } from './claim.sql.ts'
import { performStep } from './perform-step.ts'
import type { Pipeline, PipelineMap } from './pipeline.ts'
import { chunkKeyOf, settle, type StepOutcome } from './settle.ts'
import { stepFields } from './step-fields.ts'
import { takeTurn, type PlainOutcome } from './turn.ts'
import { WORK_CHANNEL, type WakeUp } from './wake-up.ts'
import { LOST, RELEASED, STOPPING, keyOf, Workbench } from './workbench.ts'

export interface WorkerOptions {
  readonly db: Database
  readonly pipelines: readonly Pipeline[]
  readonly log: Log
  readonly wakeUp: WakeUp
  /** Chunks at once; default 4. */
  readonly slots?: number
  /** How long a dead worker's chunks stay taken, in ms; default 12,000. */
  readonly leaseMs?: number
  /** Longest wait between two looks for work, in ms; default 200. */
  readonly pollMs?: number
  readonly retryWaitsS?: readonly number[]
  /** Told of every step that was begun here when it has ended, before its outcome is written. */
  readonly stepEnded?: (step: EndedStep) => void
}

export interface EndedStep {
  readonly pipeline: string
  readonly step: StepName
  /** `released` when it was put back, else `ok` or the code of its error. */
  readonly outcome: 'ok' | 'released' | ErrorCode
  readonly seconds: number
}

export interface Worker {
  start(): void
  /** Claims nothing more, gives work under way `graceMs` to end, then puts it back. */
  stop(graceMs: number): Promise<void>
}

const REAP_MS = 1_000

export function createWorker(options: WorkerOptions): Worker {
  const { db, log, wakeUp, slots = 4, leaseMs = 12_000, pollMs = 200 } = options
  const worker = newId('worker')
  const pipelines: PipelineMap = new Map(options.pipelines.map((pipeline) => [pipeline.id, pipeline]))
  const stopping = new AbortController()
  const bench = new Workbench({
    slots,
    perform: (chunk, signal) => perform({ ...options, pipelines }, chunk, signal),
    settle: (chunk, outcome) => settleOne({ ...options, pipelines }, chunk, outcome),
    ring: wakeUp.ring,
  })
  const listener = db.listen(WORK_CHANNEL, {
    onMessage: (run) => (run === '' ? wakeUp.ring() : bench.abortRun(run)),
    onConnected: wakeUp.ring,
  })
  let turns: Promise<void> = Promise.resolve()
  let renewing: Repeated | undefined
  const turn = turnOf({ ...options, pipelines, worker, leaseMs, bench })

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) if (!(await turn(() => bench.room()))) await wakeUp.wait(pollMs, stopping.signal)
  }

  return {
    start: () => {
      void listener.start()
      turns = loop()
      const failed = (error: unknown): void => log.warn({ err: error }, 'leases could not be renewed')
      renewing = every(leaseMs / 3, () => renew(db, bench, { worker, leaseMs }), failed)
    },
    stop: async (graceMs) => {
      stopping.abort()
      await turns
      const ended = bench.finish()
      const timer = setTimeout(() => bench.abortAll(STOPPING), graceMs)
      await ended
      clearTimeout(timer)
      await turn(() => 0)
      await Promise.all([renewing?.stop(), listener.stop()])
      await db
        .cross('engine', (sql) => sql.run(forgetWorker, { worker }))
        .catch((error: unknown) => log.warn({ err: error }, 'a worker could not say that it goes'))
    },
  }
}

async function perform(
  {
    db,
    log,
    pipelines,
    stepEnded,
  }: Pick<WorkerOptions, 'db' | 'log' | 'stepEnded'> & { readonly pipelines: PipelineMap },
  chunk: ClaimedChunk,
  signal: AbortSignal,
): Promise<StepOutcome> {
  const began = performance.now()
  const outcome = await performStep({ db, log, pipelines }, chunk, signal)
  const { pipeline, step } = chunk
  stepEnded?.({ pipeline, step, outcome: nameOf(outcome), seconds: (performance.now() - began) / 1_000 })
  return outcome
}

function nameOf(outcome: StepOutcome): EndedStep['outcome'] {
  if (outcome.kind === 'failed') return outcome.error.code
  return outcome.kind === 'released' ? 'released' : 'ok'
}

/** A turn that claims at most so many chunks; answers whether there was anything to do. */
function turnOf(turning: Settling & { worker: string; leaseMs: number; bench: Workbench }) {
  const { db, log, bench } = turning
  let reapAt = 0
  return async (room: () => number): Promise<boolean> => {
    // Whatever ends in this round of the event loop is written together.
    await immediately()
    const outcomes = bench.drain()
    const slots = room()
    const reap = performance.now() >= reapAt
    if (outcomes.length === 0 && slots === 0) return false
    if (reap) reapAt = performance.now() + REAP_MS
    const done = await takeTurn(db, { ...turning, outcomes, slots, reap }).catch(async (error: unknown) => {
      await isolate(turning, bench, outcomes, error)
      return null
    })
    if (done === null) return false
    bench.forget(outcomes)
    // Before anything else is waited for: a run that is cancelled meanwhile finds its work here.
    bench.take(done.claimed)
    const late = new Set(done.late)
    for (const { chunk } of done.late) await settleOne(turning, chunk, RELEASED)
    for (const outcome of outcomes) if (!late.has(outcome)) void runAfter(log, outcome)
    if (done.claimed.length > 0) await failpoint('chunk.claimed')
    return done.claimed.length > 0 || done.more
  }
}

async function renew(
  db: Database,
  bench: Workbench,
  { worker, leaseMs }: { worker: string; leaseMs: number },
): Promise<void> {
  const before = [...bench.held.values()]
  const held = JSON.stringify(before.map(({ chunk }) => chunkKeyOf(chunk)))
  const kept = await db.cross('engine', async (sql) => {
    await sql.run(seeWorker, { worker })
    return before.length === 0 ? [] : sql.run(renewLeases, { worker, leaseMs, held })
  })
  const keys = new Set(kept.map(keyOf))
  for (const { chunk, abort } of before) if (!keys.has(keyOf(chunk)) && bench.held.has(keyOf(chunk))) abort.abort(LOST)
}

type Settling = Pick<WorkerOptions, 'db' | 'log' | 'retryWaitsS'> & { readonly pipelines: PipelineMap }

/**
 * Never throws: what can not be written now is done again when the lease has ended. What is too late, since its run has
 * ended, is let go of at once.
 */
async function settleOne(settling: Settling, chunk: ClaimedChunk, outcome: StepOutcome): Promise<void> {
  const { db, log, pipelines, retryWaitsS } = settling
  const write = (what: StepOutcome) => settle(db, { chunk, pipelines, outcome: what, log, retryWaitsS })
  try {
    const settled = await write(outcome).catch((thrown: unknown) => {
      const error = toTenonError(thrown)
      // A database that is away for a moment is no fault of the step.
      if (error.code === 'unavailable' || outcome.kind === 'failed') throw thrown
      log.error({ err: error, ...stepFields(chunk) }, 'an outcome could not be written')
      return write({ kind: 'failed', error })
    })
    if (!settled) {
      warnLate(log, chunk)
      if (outcome.kind !== 'released') await write(RELEASED)
    } else if ('after' in outcome) await runAfter(log, { chunk, after: outcome.after })
  } catch (error) {
    log.error({ err: error, ...stepFields(chunk) }, 'an outcome could not be settled; the lease will end')
  }
}

/** Of outcomes that could not be written together, each is written alone: one of them may be at fault. */
async function isolate(
  settling: Settling,
  bench: Workbench,
  outcomes: readonly PlainOutcome[],
  error: unknown,
): Promise<void> {
  const isAway = error instanceof TenonError && error.code === 'unavailable'
  settling.log[isAway ? 'warn' : 'error']({ err: error, outcomes: outcomes.length }, 'a turn failed')
  if (isAway) return bench.putBack(outcomes)
  for (const { chunk, result, after } of outcomes)
    await settleOne(settling, chunk, { kind: 'worked', result, ...(after === undefined ? {} : { after }) })
  bench.forget(outcomes)
}

async function runAfter(log: Log, { chunk, after }: Pick<PlainOutcome, 'chunk' | 'after'>): Promise<void> {
  try {
    await after?.()
  } catch (error) {
    log.error({ err: error, ...stepFields(chunk) }, 'what follows a step failed')
  }
}

function warnLate(log: Log, chunk: ClaimedChunk): void {
  log.warn(stepFields(chunk), 'a late outcome was refused')
}
