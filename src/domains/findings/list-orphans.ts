import { z } from 'zod'
import { listOrphans } from '../../contract/findings.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import { selectOrphans } from './orphans.sql.ts'

const position = z.strictObject({ before: z.string().max(64) })

export function listOrphansVerb(db: Database): BoundVerb {
  return implement(listOrphans, async (_, { status = null, system = null, limit, cursor }) => {
    const before = cursor === undefined ? null : decodeCursor(cursor, position).before
    const filter = { status, system, before, limit: limit + 1 }
    const rows = await db.cross('reconciler', (sql) => sql.run(selectOrphans, filter))
    const data = rows.slice(0, limit)
    return { data, nextCursor: rows.length > limit ? encodeCursor({ before: data.at(-1)?.id ?? '' }) : null }
  })
}
