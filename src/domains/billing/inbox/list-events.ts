import { z } from 'zod'
import { listStripeEvents } from '../../../contract/billing.ts'
import { decodeCursor, encodeCursor } from '../../../kernel/cursor.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import type { Database } from '../../../platform/db/index.ts'
import { selectEvents } from './inbox.sql.ts'
import { shownEvent } from './show-event.ts'

const position = z.strictObject({
  before: z.string().regex(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})?\+00$/),
  id: z.string().max(255),
})

export function listEventsVerb(db: Database): BoundVerb {
  return implement(listStripeEvents, async (_, { state = null, limit, cursor }) => {
    const { before, id } = cursor === undefined ? { before: null, id: '' } : decodeCursor(cursor, position)
    const rows = await db.cross('billing', (sql) =>
      sql.run(selectEvents, { state, before, beforeId: id, limit: limit + 1 }),
    )
    const shown = rows.slice(0, limit)
    const last = shown.at(-1)
    const more = rows.length > limit && last !== undefined
    return {
      data: shown.map(shownEvent),
      nextCursor: more ? encodeCursor({ before: last.position, id: last.id }) : null,
    }
  })
}
