import { z } from 'zod'
import { listCreditEntries } from '../../contract/credits.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { implement } from '../../kernel/verb.ts'
import { selectEntries, selectEntriesOfRun } from './credits.sql.ts'

const position = z.strictObject({ before: z.int().min(1) })

export const listEntriesVerb = implement(
  listCreditEntries,
  async ({ sql, orgId }, { run, kind = null, limit, cursor }) => {
    const before = cursor === undefined ? null : decodeCursor(cursor, position).before
    const filter = { org: orgId(), kind, before, limit: limit + 1 }
    const rows = await (run === undefined
      ? sql.run(selectEntries, filter)
      : sql.run(selectEntriesOfRun, { ...filter, run }))
    const data = rows.slice(0, limit)
    const last = data.at(-1)
    return { data, nextCursor: rows.length > limit && last !== undefined ? encodeCursor({ before: last.seq }) : null }
  },
)
