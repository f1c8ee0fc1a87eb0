import { z } from 'zod'
import { listAlerts } from '../../contract/alerts.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { implement } from '../../kernel/verb.ts'
import { selectAlerts } from './alerts.sql.ts'

const position = z.strictObject({ before: z.string().max(64) })

export const listAlertsVerb = implement(listAlerts, async ({ sql, orgId }, { metric = null, limit, cursor }) => {
  const before = cursor === undefined ? null : decodeCursor(cursor, position).before
  const rows = await sql.run(selectAlerts, { org: orgId(), metric, before, limit: limit + 1 })
  const data = rows.slice(0, limit)
  return { data, nextCursor: rows.length > limit ? encodeCursor({ before: data.at(-1)?.id ?? '' }) : null }
})
