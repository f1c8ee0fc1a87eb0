import { replayStripeEvent } from '../../../contract/billing.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import type { Database } from '../../../platform/db/index.ts'
import { replayEvent } from './inbox.sql.ts'
import { shownEvent } from './show-event.ts'

export function replayEventVerb(db: Database): BoundVerb {
  return implement(replayStripeEvent, async (_, { event }) => {
    const [row] = await db.cross('billing', (sql) => sql.run(replayEvent, { id: event }))
    if (row === undefined) throw new TenonError('not_found')
    return shownEvent(row)
  })
}
