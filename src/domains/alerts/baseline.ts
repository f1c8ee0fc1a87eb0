/** What an organisation usually does in an hour. */
export interface Baseline {
  /** Median of the hours that had something; 0 while there are too few of them. */
  readonly usual: number
  /** More than this is unusual. */
  readonly threshold: number
}

/** With fewer hours than these nobody knows what is usual. */
export const LEAST_HOURS = 24
/** How many robust standard deviations above the median are still usual. */
const SPREADS = 6
/** Makes the median of absolute deviations that of a normal distribution's standard deviation. */
const MAD_TO_SIGMA = 1.4826
/** What does the same each hour may still do so much more: SPREADS × this above its median. */
const LEAST_SPREAD = 0.1

/**
 * Median and median absolute deviation of the hours that had something: hours of rest would make of every working day an
 * alert, and as long as less than half of the hours are out of line, those do not move what counts as usual.
 */
export function baselineOf(hours: readonly number[], floor: number): Baseline {
  const busy = hours.filter((value) => value > 0)
  if (busy.length < LEAST_HOURS) return { usual: 0, threshold: floor }
  const usual = medianOf(busy)
  const sigma = MAD_TO_SIGMA * medianOf(busy.map((value) => Math.abs(value - usual)))
  const spread = Math.max(sigma, LEAST_SPREAD * usual)
  return { usual: Math.round(usual), threshold: Math.max(floor, Math.ceil(usual + SPREADS * spread)) }
}

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const [low = 0, high = 0] = sorted.slice(Math.floor((sorted.length - 1) / 2), middle + 1)
  return sorted.length % 2 === 1 ? low : (low + high) / 2
}
