import type { DataOf } from '../../contract/operation.ts'
import type { deleteSchedule, Schedule } from '../../contract/schedules.ts'
import { listOf } from './table.ts'
import { ago, fields, idTextOf, plain, until, when, type Look, type Renderers } from './text.ts'

export const SCHEDULE_RENDERERS: Renderers = {
  'schedules.create': describeSchedule,
  'schedules.update': describeSchedule,
  'schedules.list': renderSchedules,
  'schedules.delete': ({ name }: DataOf<typeof deleteSchedule>) =>
    `Deleted ${plain(name)}. Runs that it has started go on.\n`,
}

function renderSchedules(schedules: Schedule[], look: Look): string {
  const head = ['NAME', 'PIPELINE', 'CRON', 'ZONE', 'ENABLED', 'NEXT', 'LAST']
  const idText = idTextOf(look)
  const empty = 'No schedules yet. Make one: tenon schedules create --help'
  return listOf(schedules, look, empty, head, (schedule) => [
    schedule.name,
    schedule.pipeline,
    schedule.cron,
    schedule.timeZone,
    schedule.enabled ? 'yes' : 'no',
    until(schedule.nextAt),
    schedule.lastError?.code ?? (schedule.lastRun === null ? '–' : idText(schedule.lastRun)),
  ])
}

function describeSchedule(schedule: Schedule, { width }: Look): string {
  const { lastAt, lastRun, lastError, jitterSeconds } = schedule
  const outcome = lastError === null ? lastRun : `${lastError.message} (${lastError.code})`
  return fields(
    {
      schedule: schedule.id,
      name: schedule.name,
      pipeline: schedule.pipeline,
      input: JSON.stringify(schedule.input),
      cron: `${schedule.cron} (${schedule.timeZone}${jitterSeconds === 0 ? '' : `, up to ${jitterSeconds} s later`})`,
      priority: schedule.priority === 'normal' ? null : schedule.priority,
      enabled: schedule.enabled ? 'yes' : 'no',
      next: when(schedule.nextAt),
      last: [lastAt === null ? null : ago(lastAt), outcome].filter((part) => part !== null).join(', ') || null,
    },
    width,
  )
}
