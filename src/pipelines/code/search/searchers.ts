import { Worker } from 'node:worker_threads'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { DamagedError } from '../shard/format.ts'
import { useLinearMatcher } from './linear-regex.ts'
import type { Answer, Failure, Request, Task } from './protocol.ts'
import { QueryError } from './query.ts'

/** How much longer than its own deadline a task may take before its thread is ended. */
const GRACE_MS = 1000
/** Of one organisation in one lane; parts of the index that are loaded count, too. */
const MAX_WAITING = 500

interface Job {
  readonly org: string
  readonly task: Task
  readonly limitMs: number
  resolve(value: unknown): void
  reject(error: unknown): void
}

/** A part of the index in memory, which all threads share. */
export interface Part {
  readonly what: 'snapshot' | 'shard'
  readonly key: string
  readonly shared: SharedArrayBuffer
}

export interface Searchers {
  /**
   * Performs a task on a thread that has these parts. Of those who wait, the organisation with the fewest tasks under way
   * is next; of equal ones, the one whose last turn is longest ago.
   *
   * @throws QueryError, DamagedError, TenonError `search_too_slow`, `cancelled`
   */
  perform(
    org: string,
    task: Task,
    options: { parts?: readonly Part[]; limitMs: number; signal?: AbortSignal },
  ): Promise<unknown>
  /** Parts that no thread shall keep. */
  forget(keys: readonly string[]): void
  warmUp(): void
  close(): Promise<void>
}

/** Threads of one lane: each does one task at a time, and is replaced when it takes too long. */
export function createSearchers({ dir, threads }: { dir: string; threads: number }): Searchers {
  useLinearMatcher()
  const seats = Array.from({ length: threads }, () => new Seat(dir))
  const waiting: (Job & { readonly parts: readonly Part[]; readonly late: string[] })[] = []
  /** When each organisation had its turn, while others wait. */
  const turns = new Map<string, number>()
  let closed = false
  const next = (): void => {
    const seat = seats.find((one) => one.job === null)
    if (seat === undefined || waiting.length === 0 || closed) return
    const busy = (org: string): number => seats.filter((one) => one.job?.org === org).length
    const isBefore = (a: string, b: string): boolean =>
      busy(a) === busy(b) ? (turns.get(a) ?? 0) < (turns.get(b) ?? 0) : busy(a) < busy(b)
    const fewest = waiting.reduce((best, job) => (isBefore(job.org, best.org) ? job : best))
    waiting.splice(waiting.indexOf(fewest), 1)
    if (waiting.length === 0) turns.clear()
    else turns.set(fewest.org, Math.max(0, ...turns.values()) + 1)
    seat.start(fewest, fewest.parts, next)
    // Forgotten while it waited: its thread forgets them with the next task.
    seat.forget(fewest.late)
    next()
  }
  return {
    perform: (org, task, { parts = [], limitMs, signal }) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new TenonError('unavailable'))
        if (signal?.aborted === true) return reject(new TenonError('cancelled', { cause: signal.reason }))
        if (waiting.filter((one) => one.org === org).length >= MAX_WAITING)
          return reject(new TenonError('unavailable', { details: { reason: 'too many searches at once' } }))
        const stopped = (): void => {
          // One that is under way goes on to its end; nobody waits for it any more.
          const place = waiting.indexOf(job)
          if (place >= 0) waiting.splice(place, 1)
          job.reject(new TenonError('cancelled', { cause: signal?.reason }))
        }
        const settled =
          <T>(tell: (value: T) => void) =>
          (value: T): void => {
            signal?.removeEventListener('abort', stopped)
            tell(value)
          }
        const job = { org, task, parts, late: [], limitMs, resolve: settled(resolve), reject: settled(reject) }
        signal?.addEventListener('abort', stopped, { once: true })
        waiting.push(job)
        next()
      }),
    forget: (keys) => {
      for (const seat of seats) seat.forget(keys)
      for (const { late } of waiting) late.push(...keys)
    },
    warmUp: () => seats.forEach((seat) => seat.warmUp()),
    close: async () => {
      closed = true
      for (const job of waiting.splice(0)) job.reject(new TenonError('unavailable'))
      await Promise.all(seats.map((seat) => seat.end(new TenonError('unavailable'))))
    },
  }
}

/** A thread, started when it is needed first. */
class Seat {
  readonly #dir: string
  #thread: Worker | null = null
  #timer: NodeJS.Timeout | undefined
  #done: () => void = () => {}
  /** What the thread has. */
  #has = new Set<string>()
  #forget: string[] = []
  #id = 0
  job: Job | null = null

  constructor(dir: string) {
    this.#dir = dir
  }

  start(job: Job, parts: readonly Part[], done: () => void): void {
    this.job = job
    this.#done = done
    this.#thread ??= this.#begin()
    const keep = parts.filter(({ key }) => !this.#has.has(key))
    for (const { key } of keep) this.#has.add(key)
    const message: Request = { id: ++this.#id, task: job.task, keep, forget: this.#forget }
    this.#forget = []
    this.#timer = setTimeout(() => void this.end(new TenonError('search_too_slow')), job.limitMs + GRACE_MS)
    this.#thread.ref()
    this.#thread.postMessage(message)
  }

  warmUp(): void {
    this.#thread ??= this.#begin()
    if (this.job === null) this.#thread.unref()
  }

  forget(keys: readonly string[]): void {
    for (const key of keys) if (this.#has.delete(key)) this.#forget.push(key)
  }

  /** Ends the thread with whatever it does; the next task gets another. */
  async end(error: TenonError): Promise<void> {
    const thread = this.#thread
    this.#thread = null
    this.#has = new Set()
    this.#forget = []
    this.#settle((job) => job.reject(error))
    await thread?.terminate()
  }

  #begin(): Worker {
    const thread = new Worker(new URL('./search-thread.ts', import.meta.url), {
      workerData: { dir: this.#dir },
      // Parsers go as deep as the texts do.
      resourceLimits: { stackSizeMb: 64 },
    })
    thread.on('message', (answer: Answer) => {
      if (answer.id !== this.#id || thread !== this.#thread) return
      this.#settle((job) => (answer.ok ? job.resolve(answer.value) : job.reject(errorOf(answer.failure))))
    })
    thread.on('error', (cause) => {
      if (thread === this.#thread) void this.end(new TenonError('internal', { cause }))
    })
    thread.on('exit', () => {
      if (thread === this.#thread) void this.end(new TenonError('internal'))
    })
    return thread
  }

  #settle(tell: (job: Job) => void): void {
    clearTimeout(this.#timer)
    this.#thread?.unref()
    const { job } = this
    this.job = null
    if (job !== null) tell(job)
    this.#done()
  }
}

function errorOf(failure: Failure): Error {
  if (failure.kind === 'damaged') return new DamagedError(failure.key, failure.reason)
  if (failure.kind === 'query') return new QueryError(failure.field, failure.message)
  const error = new Error(failure.message)
  error.stack = failure.stack
  return error
}
