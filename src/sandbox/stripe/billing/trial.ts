import { badParam } from '../core/failure.ts'

const DAY = 86_400

/** null when there is no trial. */
export function trialEndOf(now: number, end: number | 'now' | undefined, days: number | undefined): number | null {
  if (days !== undefined) return now + days * DAY
  if (end === undefined || end === 'now') return null
  if (end <= now) throw badParam('trial_end', 'Invalid timestamp: must be an integer Unix timestamp in the future.')
  if (end > now + 730 * DAY)
    throw badParam('trial_end', 'Invalid timestamp: can be no more than 730 days in the future.')
  return end
}
