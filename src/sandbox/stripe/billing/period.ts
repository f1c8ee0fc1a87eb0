export interface Interval {
  readonly interval: string
  readonly interval_count: number
}

const DAY = 86_400

/** The first boundary after a second; counted from the anchor, so that a 31st comes back after a February. */
export function nextBoundary(anchor: number, interval: Interval, after: number): number {
  if (anchor > after) return anchor
  let periods = Math.max(0, Math.floor((after - anchor) / (longest(interval) * interval.interval_count)))
  while (boundary(anchor, interval, periods) <= after) periods += 1
  return boundary(anchor, interval, periods)
}

function boundary(anchor: number, { interval, interval_count: count }: Interval, periods: number): number {
  switch (interval) {
    case 'day':
      return anchor + periods * count * DAY
    case 'week':
      return anchor + periods * count * 7 * DAY
    case 'year':
      return addMonths(anchor, periods * count * 12)
    default:
      return addMonths(anchor, periods * count)
  }
}

/** The same day and time of another month, or its last day. */
function addMonths(seconds: number, months: number): number {
  const from = new Date(seconds * 1000)
  const month = from.getUTCMonth() + months
  const lastDay = new Date(Date.UTC(from.getUTCFullYear(), month + 1, 0)).getUTCDate()
  const to = new Date(seconds * 1000)
  to.setUTCFullYear(from.getUTCFullYear(), month, Math.min(from.getUTCDate(), lastDay))
  return to.getTime() / 1000
}

function longest({ interval }: Interval): number {
  return DAY * ({ day: 1, week: 7, month: 31, year: 366 }[interval] ?? 31)
}
