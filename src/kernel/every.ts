import { setTimeout as sleep } from 'node:timers/promises'

export interface Repeated {
  /** Waits for the round that is under way. */
  stop(): Promise<void>
}

/** Does some work now and again after each pause, until it is stopped; one round at a time. What it throws is told, not thrown. */
export function every(
  pauseMs: number,
  work: (round: number, signal: AbortSignal) => Promise<void>,
  failed: (error: unknown) => void,
): Repeated {
  const stopping = new AbortController()
  const { signal } = stopping
  const run = async (): Promise<void> => {
    for (let round = 0; !signal.aborted; round++) {
      await work(round, signal).catch(failed)
      // Aborted by the stop, which ends the loop.
      await sleep(pauseMs, undefined, { signal, ref: false }).catch(() => {})
    }
  }
  const running = run()
  return {
    stop: async () => {
      stopping.abort()
      await running
    },
  }
}
