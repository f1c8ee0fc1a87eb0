import { Cron } from 'croner'
import { TenonError } from '../../../kernel/tenon-error.ts'

export interface Timing {
  readonly cron: string
  readonly timeZone: string
  readonly jitterSeconds: number
}

/** The next time after `now`, put off by chance; null when there is none any more. */
export function nextTime({ cron, timeZone, jitterSeconds }: Timing, now: Date): Date | null {
  const next = new Cron(cron, { mode: '5-part', timezone: timeZone, paused: true }).nextRun(now)
  return next === null ? null : new Date(next.getTime() + Math.floor(Math.random() * jitterSeconds * 1_000))
}

/** @throws TenonError `validation_failed` with the field that is wrong */
export function checkTiming(timing: Timing, now: Date): void {
  const wrong = (field: string, message: string, cause: unknown): TenonError =>
    new TenonError('validation_failed', { details: { issues: [{ path: `body.${field}`, message }] }, cause })
  try {
    Intl.DateTimeFormat('en', { timeZone: timing.timeZone })
  } catch (cause) {
    throw wrong('timeZone', 'This is no name of a time zone', cause)
  }
  if (timing.cron.trim().split(/\s+/).length !== 5)
    throw wrong('cron', 'These are not five fields of a schedule', undefined)
  let next: Date | null
  try {
    // Names such as @hourly would be understood as well, but are not five fields.
    if (timing.cron.startsWith('@')) throw new Error('this is a name')
    next = nextTime(timing, now)
  } catch (cause) {
    throw wrong('cron', 'These are not five fields of a schedule', cause)
  }
  if (next === null) throw wrong('cron', 'This time never comes', undefined)
}
