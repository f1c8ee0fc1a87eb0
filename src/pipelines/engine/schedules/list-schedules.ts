import { z } from 'zod'
import { listSchedules } from '../../../contract/schedules.ts'
import { decodeCursor, encodeCursor } from '../../../kernel/cursor.ts'
import { implement } from '../../../kernel/verb.ts'
import { presentSchedule } from './present-schedule.ts'
import { selectSchedules } from './schedules.sql.ts'

const position = z.strictObject({ after: z.string().max(80) })

export const listSchedulesVerb = implement(listSchedules, async ({ sql, orgId }, { limit, cursor }) => {
  const after = cursor === undefined ? null : decodeCursor(cursor, position).after
  const rows = await sql.run(selectSchedules, { org: orgId(), after, limit: limit + 1 })
  const page = rows.slice(0, limit)
  return {
    data: page.map(presentSchedule),
    nextCursor: rows.length > limit ? encodeCursor({ after: page.at(-1)?.name ?? '' }) : null,
  }
})
