import { listSessions, type Session } from '../../contract/accounts.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectSessions } from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { callerOf } from './own-session.ts'

const MAX_SHOWN = 200

export function listSessionsVerb({ db }: Deps): BoundVerb {
  return implement(listSessions, async (ctx) => {
    const { user, session } = callerOf(ctx)
    const rows = await db.accounts.run(selectSessions, { user, limit: MAX_SHOWN })
    return rows.map((row): Session => ({ ...row, current: row.id === session }))
  })
}
