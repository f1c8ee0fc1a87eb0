import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { BuildMessage } from './build-thread.ts'

/** A thread of this process that builds shards, one after the other: parsers that have run before are faster. */
export interface Builder {
  /** Sends a message and waits for the answer. @throws the reason of the signal, or what has ended the thread */
  ask(message: BuildMessage, options?: { transfer?: ArrayBuffer[]; signal?: AbortSignal | undefined }): Promise<unknown>
}

/** More would wait for each other, and each has its parsers in memory. */
const THREADS = Math.min(Math.max(availableParallelism(), 1), 4)
/** After it a thread that has nothing to do is ended, with its memory. */
const IDLE_MS = 5_000
/** Of one thread, in MiB: the young generation is kept small, since trees of syntax die young and would make it grow. */
const LIMITS = { stackSizeMb: 64, maxYoungGenerationSizeMb: 32, maxOldGenerationSizeMb: 1024 }

const idle: { readonly builder: Thread; readonly stay: AbortController }[] = []
const waiting: (() => void)[] = []
let busy = 0

/**
 * Does something with a thread, when one is free. One that was not left as it was found is ended: whatever `work` throws
 * may have left a shard half made.
 */
export async function withBuilder<T>(
  signal: AbortSignal | undefined,
  work: (builder: Builder) => Promise<T>,
): Promise<T> {
  await turn(signal)
  try {
    const builder = take()
    try {
      const made = await work(builder)
      keep(builder)
      return made
    } catch (error) {
      await builder.end()
      throw error
    }
  } finally {
    leave()
  }
}

/** Waits until a thread is free; whoever leaves hands its place on. */
async function turn(signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  if (busy < THREADS) {
    busy++
    return
  }
  const free = Promise.withResolvers<void>()
  const stop = (): void => {
    const place = waiting.indexOf(free.resolve)
    if (place < 0) return
    waiting.splice(place, 1)
    free.reject(signal?.reason)
  }
  waiting.push(free.resolve)
  signal?.addEventListener('abort', stop, { once: true })
  try {
    await free.promise
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

function leave(): void {
  const next = waiting.shift()
  if (next === undefined) busy--
  else next()
}

function take(): Thread {
  for (let found = idle.pop(); found !== undefined; found = idle.pop()) {
    found.stay.abort()
    if (!found.builder.hasEnded) return found.builder
  }
  return new Thread()
}

function keep(builder: Thread): void {
  const stay = new AbortController()
  const entry = { builder, stay }
  idle.push(entry)
  sleep(IDLE_MS, undefined, { signal: stay.signal, ref: false }).then(
    () => {
      const place = idle.indexOf(entry)
      if (place < 0) return
      idle.splice(place, 1)
      void builder.end()
    },
    // It was taken again.
    () => {},
  )
}

class Thread implements Builder {
  readonly #worker: Worker
  readonly #failed: Promise<never>
  hasEnded = false

  constructor() {
    this.#worker = new Worker(new URL('./build-thread.ts', import.meta.url), { resourceLimits: LIMITS })
    this.#worker.unref()
    // The thread may fail while nobody waits for it; whoever waits next is told.
    this.#failed = new Promise<never>((_, reject) => {
      this.#worker.once('error', reject)
      this.#worker.once('exit', () => {
        this.hasEnded = true
        reject(new Error('the thread that builds shards has ended'))
      })
    })
    // Whoever waits next is told, as was said above.
    this.#failed.catch(() => {})
  }

  async ask(
    message: BuildMessage,
    { transfer = [], signal }: { transfer?: ArrayBuffer[]; signal?: AbortSignal | undefined } = {},
  ): Promise<unknown> {
    this.#worker.ref()
    try {
      const answered = once(this.#worker, 'message', signal ? { signal } : {})
      this.#worker.postMessage(message, transfer)
      const [answer] = (await Promise.race([answered, this.#failed])) as [unknown]
      return answer
    } finally {
      this.#worker.unref()
    }
  }

  async end(): Promise<void> {
    this.hasEnded = true
    await this.#worker.terminate()
  }
}
