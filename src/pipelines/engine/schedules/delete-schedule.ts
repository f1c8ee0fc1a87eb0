import { deleteSchedule } from '../../../contract/schedules.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement } from '../../../kernel/verb.ts'
import { deleteSchedule as deleteRow, lockSchedule } from './schedules.sql.ts'

export const deleteScheduleVerb = implement(deleteSchedule, async ({ sql, orgId }, { schedule: key }) => {
  const org = orgId()
  const [found] = await sql.run(lockSchedule, { org, key })
  if (found === undefined) throw new TenonError('not_found')
  await sql.run(deleteRow, { org, id: found.id })
  return { id: found.id, name: found.name, deleted: true as const }
})
