import { setTimeout as sleep } from 'node:timers/promises'

/** What somebody rests by who is woken up when there is something to do. */
export interface Bell {
  ring(): void
  /** Until it rings, or has rung since the last rest, or the time is over, or all is to end. */
  rest(ms: number): Promise<void>
  /** The same, but ringing does not end it. */
  pause(ms: number): Promise<void>
}

export function createBell(stopping: AbortSignal): Bell {
  let wake = (): void => {}
  let hasRung = false
  // Aborted is what ends a rest early.
  const wait = (ms: number, signal: AbortSignal): Promise<void> =>
    sleep(ms, undefined, { signal, ref: false }).catch(() => {})
  return {
    ring() {
      hasRung = true
      wake()
    },
    async rest(ms) {
      if (!hasRung && !stopping.aborted) {
        const woken = new AbortController()
        wake = () => woken.abort()
        await wait(ms, AbortSignal.any([woken.signal, stopping]))
        wake = () => {}
      }
      hasRung = false
    },
    pause: (ms) => wait(ms, stopping),
  }
}
