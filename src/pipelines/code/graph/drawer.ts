import { Worker } from 'node:worker_threads'
import type { Dependencies } from '../../../contract/graph.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import type { Drawing } from '../../../kernel/verb.ts'
import { finishSvg } from './draw-svg.ts'
import type { DrawAnswer, DrawRequest } from './draw-thread.ts'
import { dotOf, titleOf } from './draw.ts'

/** Of one drawing, once it has its turn. */
const LIMIT_MS = 10_000
const MAX_BYTES = 4 << 20
/** Drawings under way or waiting for their turn. */
const MAX_WAITING = 50

export interface Drawer {
  /**
   * The neighbourhood of a file as SVG, or as the DOT it is laid out from. One drawing follows the other.
   *
   * @throws TenonError `search_too_slow`, `cancelled`, `unavailable`
   */
  draw(answer: Dependencies, format: 'svg' | 'dot', signal?: AbortSignal): Promise<Drawing>
  close(): Promise<void>
}

export function createDrawer({ limitMs = LIMIT_MS, maxBytes = MAX_BYTES } = {}): Drawer {
  const graphviz = new Graphviz(limitMs)
  let waiting = 0
  let last: Promise<unknown> = Promise.resolve()
  let closed = false
  const inTurn = async (before: Promise<unknown>, dot: string, signal: AbortSignal | undefined): Promise<string> => {
    await before
    if (closed) throw new TenonError('unavailable')
    // Who has left does not hold up the others.
    if (signal?.aborted === true) throw new TenonError('cancelled', { cause: signal.reason })
    return graphviz.layOut(dot)
  }
  return {
    draw: async (answer, format, signal) => {
      const dot = dotOf(answer)
      if (format === 'dot') return { format, text: dot }
      if (closed || waiting >= MAX_WAITING) throw new TenonError('unavailable')
      waiting++
      const laidOut = inTurn(last, dot, signal).finally(() => waiting--)
      // Whoever has asked for the drawing is told; the next one only waits for its end.
      last = laidOut.catch(() => null)
      const svg = await unlessAborted(laidOut, signal)
      if (Buffer.byteLength(svg) > maxBytes) throw new TenonError('search_too_slow')
      return { format, text: finishSvg(svg, `Dependencies of ${titleOf(answer)}`) }
    },
    close: async () => {
      closed = true
      await graphviz.end(new TenonError('unavailable'))
      await last
    },
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work
  const aborted = Promise.withResolvers<never>()
  const stop = (): void => aborted.reject(new TenonError('cancelled', { cause: signal.reason }))
  if (signal.aborted) stop()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await Promise.race([work, aborted.promise])
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** A thread, started when it is needed first, that lays out one graph at a time and is ended when that takes too long. */
class Graphviz {
  readonly #limitMs: number
  #thread: Worker | null = null
  #job: PromiseWithResolvers<string> | null = null
  #timer: NodeJS.Timeout | undefined
  #id = 0

  constructor(limitMs: number) {
    this.#limitMs = limitMs
  }

  layOut(dot: string): Promise<string> {
    this.#job = Promise.withResolvers()
    this.#thread ??= this.#begin()
    this.#thread.ref()
    this.#timer = setTimeout(() => void this.end(new TenonError('search_too_slow')), this.#limitMs)
    this.#thread.postMessage({ id: ++this.#id, dot } satisfies DrawRequest)
    return this.#job.promise
  }

  /** Ends the thread with whatever it does; the next graph gets another. */
  async end(error: TenonError): Promise<void> {
    const thread = this.#thread
    this.#settle((job) => job.reject(error))
    this.#thread = null
    await thread?.terminate()
  }

  #begin(): Worker {
    const thread = new Worker(new URL('./draw-thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    })
    const lost = (cause?: unknown): void => {
      if (thread === this.#thread) void this.end(new TenonError('internal', { cause }))
    }
    thread.on('message', (answer: DrawAnswer) => {
      if (thread !== this.#thread || answer.id !== this.#id) return
      this.#settle((job) => (answer.ok ? job.resolve(answer.svg) : job.reject(new Error(answer.message))))
    })
    thread.on('error', lost)
    thread.on('exit', () => lost())
    return thread
  }

  #settle(tell: (job: PromiseWithResolvers<string>) => void): void {
    clearTimeout(this.#timer)
    this.#thread?.unref()
    const job = this.#job
    this.#job = null
    if (job !== null) tell(job)
  }
}
