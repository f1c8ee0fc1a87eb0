import { seeded, type Draw } from './core/random.ts'
import { isVersion } from './core/version.ts'

/** What goes wrong. All are off at first; probabilities go from 0 to 1 and are drawn from a seeded generator. */
export interface Faults {
  readonly seed: number
  /** An event is sent more than once. */
  readonly duplicate: number
  /** Deliveries are held back, so that later ones overtake them. */
  readonly reorder: number
  /** Each delivery waits up to so long. */
  readonly delayMs: number
  /** A delivery attempt is lost: not sent, but tried again later. */
  readonly lose: number
  /** An event is never delivered, though it stays listed. */
  readonly drop: number
  /** A request is answered 429, before any effect. */
  readonly rateLimit: number
  /** A request is answered 500, before any effect. */
  readonly error500: number
  /** A POST or DELETE is answered 500 after its effect; the answer is replayed for its key. */
  readonly error500After: number
  /** The shape of what is delivered: `before` is the one before 2025-03-31; null leaves it to the endpoint. */
  readonly webhookApiVersion: string | null
}

export const NO_FAULTS: Faults = {
  seed: 1,
  duplicate: 0,
  reorder: 0,
  delayMs: 0,
  lose: 0,
  drop: 0,
  rateLimit: 0,
  error500: 0,
  error500After: 0,
  webhookApiVersion: null,
}
const LONGEST_DELAY_MS = 60_000

export interface FaultState {
  readonly now: () => Faults
  readonly change: (change: Partial<Faults>) => void
  /** Each kind has numbers of its own: requests do not disturb the order of deliveries. */
  readonly draw: (kind: keyof Faults) => Draw
}

export function createFaults(): FaultState {
  let faults = NO_FAULTS
  let draws = new Map<string, Draw>()
  return {
    now: () => faults,
    change(change) {
      faults = { ...faults, ...checkFaults(change) }
      if (change.seed !== undefined) draws = new Map()
    },
    draw(kind) {
      let draw = draws.get(kind)
      if (draw === undefined) draws.set(kind, (draw = seeded(faults.seed, kind)))
      return draw
    },
  }
}

/** @throws RangeError naming what is wrong. */
export function checkFaults(change: Readonly<Record<string, unknown>>): Partial<Faults> {
  for (const [name, value] of Object.entries(change)) {
    if (!Object.hasOwn(NO_FAULTS, name)) throw new RangeError(`There is no fault ${JSON.stringify(name)}`)
    if (name === 'webhookApiVersion') {
      if (value === null || value === 'before' || (typeof value === 'string' && isVersion(value))) continue
      throw new RangeError('webhookApiVersion is null, "before" or a version such as 2025-02-24.acacia')
    }
    const [most, whole] = name === 'seed' ? [2 ** 32, true] : name === 'delayMs' ? [LONGEST_DELAY_MS, true] : [1, false]
    if (typeof value === 'number' && value >= 0 && value <= most && (!whole || Number.isInteger(value))) continue
    throw new RangeError(`${name} is a ${whole ? 'whole ' : ''}number from 0 to ${most}`)
  }
  return change
}
