import { updateSchedule } from '../../../contract/schedules.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import type { PipelineMap } from '../pipeline.ts'
import { priorityRank } from '../present-run.ts'
import { startableBy } from '../start-by-name.ts'
import { checkTiming, nextTime } from './next-time.ts'
import { presentSchedule } from './present-schedule.ts'
import { lockSchedule, updateSchedule as update } from './schedules.sql.ts'

export function updateScheduleVerb(pipelines: PipelineMap): BoundVerb {
  return implement(updateSchedule, async ({ sql, orgId, clock, note }, { schedule: key, ...given }) => {
    const org = orgId()
    const [old] = await sql.run(lockSchedule, { org, key })
    if (old === undefined) throw new TenonError('not_found')
    const input = given.input ?? old.input
    if (given.input !== undefined) startableBy(pipelines, old.pipeline, input)
    const timing = {
      cron: given.cron ?? old.cron,
      timeZone: given.timeZone ?? old.timeZone,
      jitterSeconds: given.jitterSeconds ?? old.jitterSeconds,
    }
    checkTiming(timing, clock.now())
    const enabled = given.enabled ?? old.enabled
    const [row] = await sql.run(update, {
      org,
      id: old.id,
      ...timing,
      input: JSON.stringify(input),
      priority: given.priority === undefined ? old.priority : priorityRank(given.priority),
      enabled,
      nextAt: enabled ? nextTime(timing, clock.now()) : null,
    })
    if (row === undefined) throw new Error('the schedule was not stored')
    note({ ...timing, enabled })
    return presentSchedule(row)
  })
}
