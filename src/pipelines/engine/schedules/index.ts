import type { BoundVerb } from '../../../kernel/verb.ts'
import type { PipelineMap } from '../pipeline.ts'
import { createScheduleVerb } from './create-schedule.ts'
import { deleteScheduleVerb } from './delete-schedule.ts'
import { listSchedulesVerb } from './list-schedules.ts'
import { updateScheduleVerb } from './update-schedule.ts'

export { deleteSchedules } from './delete-schedules.ts'
export { startDue } from './start-due.ts'

export function scheduleVerbs(pipelines: PipelineMap): readonly BoundVerb[] {
  return [createScheduleVerb(pipelines), listSchedulesVerb, updateScheduleVerb(pipelines), deleteScheduleVerb]
}
