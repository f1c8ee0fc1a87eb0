import type { Store } from './store.ts'

export interface Clock {
  readonly seconds: () => number
  /** Goes on to this second; never back. */
  readonly moveTo: (seconds: number) => void
  /** Lets the work see this second as now, which may have passed already. */
  readonly during: <T>(seconds: number, work: () => T) => T
}

export function createClock(store: Store, now: () => Date): Clock {
  let held: number | null = null
  const real = (): number => Math.floor(now().getTime() / 1000)
  const seconds = (): number => held ?? real() + store.settings.offsetSeconds
  return {
    seconds,
    moveTo(to) {
      const ahead = to - seconds()
      if (ahead > 0) store.set({ offsetSeconds: store.settings.offsetSeconds + ahead })
    },
    during(at, work) {
      held = at
      try {
        return work()
      } finally {
        held = null
      }
    },
  }
}
