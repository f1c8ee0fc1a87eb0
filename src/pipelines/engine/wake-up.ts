/** Where workers hear of work (an empty message) and of runs that were cancelled (their id). */
export const WORK_CHANNEL = 'tenon_work'

/** Tells the worker of this process that there may be work. */
export interface WakeUp {
  ring(): void
  /** Until the bell rings, `timeoutMs` are over or the signal aborts. A ring that nobody waited for is kept. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<void>
}

export function createWakeUp(): WakeUp {
  let rung = false
  let wake: (() => void) | undefined
  return {
    ring: () => {
      rung = true
      wake?.()
    },
    wait: async (timeoutMs, signal) => {
      if (!rung && !signal.aborted) {
        await new Promise<void>((resolve) => {
          const end = (): void => {
            clearTimeout(timer)
            signal.removeEventListener('abort', end)
            resolve()
          }
          const timer = setTimeout(end, timeoutMs)
          wake = end
          signal.addEventListener('abort', end, { once: true })
        })
      }
      wake = undefined
      rung = false
    },
  }
}
