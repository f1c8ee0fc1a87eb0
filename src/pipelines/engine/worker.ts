import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import { redactText } from '../../kernel/redact.ts'
import { TenonError, toTenonError } from '../../kernel/tenon-error.ts'
import type { Database } from '../../platform/db/index.ts'
import { claimChunks, lockClaims, reapExpired, renewLeases, selectResults, type ClaimedChunk } from './claim.sql.ts'
import type { Pipeline, RunCtx } from './pipeline.ts'
import { insertLog } from './runs.sql.ts'
import { chunkKeyOf, settle, type StepOutcome } from './settle.ts'
import type { WakeUp } from './wake-up.ts'

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
}

export interface Worker {
  start(): void
  /** Claims nothing more, gives work under way `graceMs` to end, then puts it back. */
  stop(graceMs: number): Promise<void>
}

interface Held {
  readonly chunk: ClaimedChunk
  readonly abort: AbortController
  readonly done: Promise<void>
}

/** Why work was aborted. */
const LOST = new TenonError('cancelled', { details: { reason: 'lease lost' } })
const STOPPING = new TenonError('cancelled', { details: { reason: 'worker stops' } })

export function createWorker(options: WorkerOptions): Worker {
  const { db, log, wakeUp, slots = 4, leaseMs = 12_000, pollMs = 200 } = options
  const id = newId('worker')
  const work = holdWork(options)
  /** Ends the looking for work; leases are renewed until `stopped`. */
  const stopping = new AbortController()
  const stopped = new AbortController()
  let [claiming, renewing]: Promise<void>[] = []

  const claimLoop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const free = slots - work.held.size
      const chunks =
        free <= 0
          ? []
          : await claim(options, { id, free, leaseMs }).catch((error: unknown) => {
              log.warn({ err: error }, 'looking for work failed')
              return []
            })
      for (const chunk of chunks) work.take(chunk)
      if (chunks.length === 0) await wakeUp.wait(pollMs, stopping.signal)
    }
  }

  const renewLoop = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      await sleep(leaseMs / 3, undefined, { signal: stopped.signal }).catch(() => {})
      if (work.held.size === 0 || stopped.signal.aborted) continue
      const before = [...work.held.values()]
      const kept = await db
        .cross('engine', (sql) =>
          sql.run(renewLeases, {
            worker: id,
            leaseMs,
            held: JSON.stringify(before.map(({ chunk }) => chunkKeyOf(chunk))),
          }),
        )
        .catch((error: unknown) => {
          log.warn({ err: error }, 'leases could not be renewed')
          return null
        })
      if (kept === null) continue
      const keys = new Set(kept.map(keyOf))
      for (const { chunk, abort } of before) if (!keys.has(keyOf(chunk))) abort.abort(LOST)
    }
  }

  return {
    start: () => {
      claiming = claimLoop()
      renewing = renewLoop()
    },
    stop: async (graceMs) => {
      stopping.abort()
      // A claim under way may still bring something.
      await claiming
      const all = () => Promise.all([...work.held.values()].map(({ done }) => done))
      await Promise.race([all(), sleep(graceMs, undefined, { ref: false })])
      for (const { abort } of work.held.values()) abort.abort(STOPPING)
      await all()
      stopped.abort()
      await renewing
    },
  }
}

async function claim(
  { db, log }: WorkerOptions,
  { id, free, leaseMs }: { id: string; free: number; leaseMs: number },
): Promise<ClaimedChunk[]> {
  return db.cross('engine', async (sql) => {
    await sql.run(lockClaims, {})
    for (const { runId, count } of await sql.run(reapExpired, {}))
      log.warn({ runId, count }, 'work of a lost worker is ready again')
    return sql.run(claimChunks, { slots: free, worker: id, leaseMs })
  })
}

/** The chunks that this process works on: each runs its step, settles, and frees its slot. */
function holdWork({ db, log, wakeUp, pipelines, retryWaitsS }: WorkerOptions): {
  readonly held: ReadonlyMap<string, Held>
  take(chunk: ClaimedChunk): void
} {
  const held = new Map<string, Held>()
  const byId = new Map(pipelines.map((pipeline) => [pipeline.id, pipeline]))
  const run = async (chunk: ClaimedChunk, signal: AbortSignal): Promise<void> => {
    const pipeline = byId.get(chunk.pipeline)
    const outcome = await outcomeOf({ db, log, pipeline, chunk, signal })
    if (signal.reason === LOST) return
    const settled = await settle(db, { chunk, pipeline, outcome, retryWaitsS }).catch((thrown: unknown) => {
      const error = toTenonError(thrown)
      // A database that is away for a moment is no fault of the step: the lease ends and the chunk is claimed again.
      if (error.code === 'unavailable' || outcome.kind === 'failed') throw thrown
      log.error({ err: error, runId: chunk.runId, step: chunk.step, n: chunk.n }, 'an outcome could not be written')
      return settle(db, { chunk, pipeline, outcome: { kind: 'failed', error }, retryWaitsS })
    })
    if (!settled)
      log.warn(
        { runId: chunk.runId, step: chunk.step, n: chunk.n, attempt: chunk.attempt },
        'a late outcome was refused',
      )
    else if ('after' in outcome) await outcome.after?.()
  }
  return {
    held,
    take: (chunk) => {
      const abort = new AbortController()
      const done = run(chunk, abort.signal)
        .catch((error: unknown) =>
          log.error({ err: error, runId: chunk.runId }, 'an outcome could not be settled; the lease will end'),
        )
        .finally(() => {
          held.delete(keyOf(chunk))
          wakeUp.ring()
        })
      held.set(keyOf(chunk), { chunk, abort, done })
    },
  }
}

function keyOf({ runId, step, n, attempt }: { runId: string; step: string; n: number; attempt: number }): string {
  return `${runId} ${step} ${n} ${attempt}`
}

async function outcomeOf(work: {
  db: Database
  log: Log
  pipeline: Pipeline | undefined
  chunk: ClaimedChunk
  signal: AbortSignal
}): Promise<StepOutcome> {
  const { db, pipeline, chunk, signal } = work
  const { orgId: org, runId } = chunk
  const log = work.log.child({
    runId,
    org,
    requestId: chunk.requestId,
    step: chunk.step,
    n: chunk.n,
    attempt: chunk.attempt,
  })
  const { write } = db.tenant(org)
  try {
    if (pipeline === undefined) throw new Error(`no pipeline ${chunk.pipeline}`)
    const ctx: RunCtx<never> = {
      org,
      runId,
      attempt: chunk.attempt,
      input: pipeline.input.parse(chunk.runInput),
      requestId: chunk.requestId,
      signal,
      log,
      say: async (level, message) => {
        await write((sql) =>
          sql.run(insertLog, { org, run: runId, level, message: redactText(message).slice(0, 4000) }),
        )
      },
      inTenant: write,
    }
    if (chunk.step === 'plan') return { kind: 'planned', ...(await pipeline.plan(ctx)) }
    if (chunk.step === 'work')
      return { kind: 'worked', ...(await pipeline.processChunk(ctx, chunk.chunkInput, chunk.n)) }
    const results = await db.cross('engine', (sql) => sql.run(selectResults, { org, run: runId }))
    return {
      kind: 'finished',
      ...(await pipeline.finish(
        ctx,
        results.map(({ result }) => result),
      )),
    }
  } catch (thrown) {
    if (signal.reason === STOPPING || signal.reason === LOST) return { kind: 'released' }
    const error = toTenonError(thrown)
    log.error({ err: error }, 'a step failed')
    await write((sql) =>
      sql.run(insertLog, { org, run: runId, level: 'error', message: `${chunk.step} failed: ${error.message}` }),
    ).catch((cause: unknown) => log.warn({ err: cause }, "the run's log could not be written"))
    return { kind: 'failed', error }
  }
}
