import { z } from 'zod'
import { listApiKeys } from '../../contract/identity.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { implement } from '../../kernel/verb.ts'
import { selectKeys } from './identity.sql.ts'

const position = z.strictObject({ before: z.string().max(64) })

export const listApiKeysVerb = implement(listApiKeys, async ({ sql, orgId }, { limit, cursor }) => {
  const before = cursor === undefined ? null : decodeCursor(cursor, position).before
  const rows = await sql.run(selectKeys, { org: orgId(), before, limit: limit + 1 })
  const data = rows.slice(0, limit)
  return { data, nextCursor: rows.length > limit ? encodeCursor({ before: data.at(-1)?.id ?? '' }) : null }
})
