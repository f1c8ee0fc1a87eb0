import { TenonError } from '../../kernel/tenon-error.ts'
import type { ClaimedChunk } from './claim.sql.ts'
import type { StepOutcome } from './settle.ts'
import { traceStep } from './trace-step.ts'
import type { PlainOutcome } from './turn.ts'

/** Why work was aborted. */
export const LOST = new TenonError('cancelled', { details: { reason: 'lease lost' } })
export const STOPPING = new TenonError('cancelled', { details: { reason: 'worker stops' } })
export const CANCELLED = new TenonError('cancelled', { details: { reason: 'run cancelled' } })

export interface Held {
  readonly chunk: ClaimedChunk
  readonly abort: AbortController
}

export interface WorkbenchOptions {
  readonly slots: number
  readonly perform: (chunk: ClaimedChunk, signal: AbortSignal) => Promise<StepOutcome>
  /** Writes an outcome in a transaction of its own; never throws. */
  readonly settle: (chunk: ClaimedChunk, outcome: StepOutcome) => Promise<void>
  readonly ring: () => void
}

/** Of chunks that are short, so many are claimed ahead that a claim brings work for about this time. */
const AHEAD_MS = 20
const MAX_AHEAD = 64

/** What a worker has claimed, from the claim to the settlement. */
export class Workbench {
  readonly #options: WorkbenchOptions
  readonly #held = new Map<string, Held>()
  readonly #waiting: Held[] = []
  #plain: PlainOutcome[] = []
  #running = 0
  /** How long a chunk takes, in the long run; the first is taken for a long one. */
  #usualMs = AHEAD_MS
  #idle: (() => void) | undefined

  constructor(options: WorkbenchOptions) {
    this.#options = options
  }

  get held(): ReadonlyMap<string, Held> {
    return this.#held
  }

  /** How many chunks more it can take. */
  room(): number {
    const { slots } = this.#options
    const ahead = Math.min(MAX_AHEAD, Math.floor((slots * AHEAD_MS) / Math.max(this.#usualMs, 0.1)) - slots)
    return Math.max(0, slots + Math.max(0, ahead) - this.#running - this.#waiting.length)
  }

  take(chunks: readonly ClaimedChunk[]): void {
    for (const chunk of chunks) {
      const one = { chunk, abort: new AbortController() }
      this.#held.set(keyOf(chunk), one)
      this.#waiting.push(one)
    }
    this.#begin()
  }

  /** Outcomes that can be written together with others. */
  drain(): readonly PlainOutcome[] {
    const outcomes = this.#plain
    this.#plain = []
    return outcomes
  }

  /** They could not be written now. */
  putBack(outcomes: readonly PlainOutcome[]): void {
    this.#plain = [...outcomes, ...this.#plain]
  }

  /** They are written, or are over. */
  forget(outcomes: readonly PlainOutcome[]): void {
    for (const { chunk } of outcomes) this.#held.delete(keyOf(chunk))
  }

  abortRun(run: string): void {
    for (const { chunk, abort } of this.#held.values()) if (chunk.runId === run) abort.abort(CANCELLED)
  }

  abortAll(reason: TenonError): void {
    for (const { abort } of this.#held.values()) abort.abort(reason)
  }

  /** Gives back what was not begun, and answers when nothing is under way any more. */
  async finish(): Promise<void> {
    for (const { abort } of this.#waiting) abort.abort(STOPPING)
    if (this.#running === 0 && this.#waiting.length === 0) return
    await new Promise<void>((resolve) => {
      this.#idle = resolve
    })
  }

  #begin(): void {
    while (this.#running < this.#options.slots) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      this.#running += 1
      void this.#work(next).finally(() => {
        this.#running -= 1
        this.#begin()
        this.#options.ring()
        if (this.#running === 0 && this.#waiting.length === 0) this.#idle?.()
      })
    }
  }

  #work(held: Held): Promise<void> {
    return traceStep(held.chunk, (ended) => this.#attempt(held, ended))
  }

  async #attempt({ chunk, abort }: Held, ended: (outcome: StepOutcome) => void): Promise<void> {
    const { perform, settle } = this.#options
    const began = performance.now()
    const outcome = abort.signal.aborted ? RELEASED : await perform(chunk, abort.signal)
    ended(outcome)
    this.#usualMs += (performance.now() - began - this.#usualMs) / 16
    if (outcome.kind === 'worked' && outcome.effects === undefined) {
      this.#plain.push({ chunk, result: outcome.result, after: outcome.after })
      return
    }
    // When another has claimed it meanwhile, the attempt refuses this.
    await settle(chunk, outcome)
    this.#held.delete(keyOf(chunk))
  }
}

export const RELEASED: StepOutcome = { kind: 'released' }

export interface ChunkName {
  readonly runId: string
  readonly step: string
  readonly n: number
  readonly attempt: number
}

export function keyOf({ runId, step, n, attempt }: ChunkName): string {
  return `${runId} ${step} ${n} ${attempt}`
}
