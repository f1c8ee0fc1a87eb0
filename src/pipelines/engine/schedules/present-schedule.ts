import { ERRORS } from '../../../contract/errors.ts'
import type { Schedule } from '../../../contract/schedules.ts'
import { priorityOf } from '../present-run.ts'
import type { ScheduleRow } from './schedules.sql.ts'

export function presentSchedule({ priority, lastError, ...row }: ScheduleRow): Schedule {
  return {
    ...row,
    priority: priorityOf(priority),
    lastError: lastError === null ? null : { code: lastError, message: ERRORS[lastError].message },
  }
}
