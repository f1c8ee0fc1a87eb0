import { createSchedule } from '../../../contract/schedules.ts'
import { nameOfActor } from '../../../kernel/ctx.ts'
import { newId } from '../../../kernel/ids.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import type { PipelineMap } from '../pipeline.ts'
import { priorityRank } from '../present-run.ts'
import { startableBy } from '../start-by-name.ts'
import { checkTiming, nextTime } from './next-time.ts'
import { presentSchedule } from './present-schedule.ts'
import { countSchedules, insertSchedule } from './schedules.sql.ts'

const MAX_SCHEDULES = 100

export function createScheduleVerb(pipelines: PipelineMap): BoundVerb {
  return implement(createSchedule, async ({ sql, orgId, actor, clock, note }, input) => {
    const org = orgId()
    startableBy(pipelines, input.pipeline, input.input)
    checkTiming(input, clock.now())
    const [{ count } = { count: 0 }] = await sql.run(countSchedules, { org })
    if (count >= MAX_SCHEDULES) throw new TenonError('too_many_schedules', { details: { limit: MAX_SCHEDULES } })
    const { name, pipeline, cron, timeZone, jitterSeconds, enabled } = input
    const [row] = await sql.run(insertSchedule, {
      org,
      id: newId('schedule'),
      name,
      pipeline,
      input: JSON.stringify(input.input),
      cron,
      timeZone,
      jitterSeconds,
      priority: priorityRank(input.priority),
      enabled,
      createdBy: nameOfActor(actor),
      nextAt: enabled ? nextTime(input, clock.now()) : null,
    })
    if (row === undefined) throw new TenonError('schedule_exists', { details: { name } })
    note({ name, pipeline, cron, timeZone })
    return presentSchedule(row)
  })
}
