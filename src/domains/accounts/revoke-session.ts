import { revokeSession } from '../../contract/accounts.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { deleteSession } from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { callerOf } from './own-session.ts'

/** Somebody else's session is none. */
export function revokeSessionVerb({ db }: Deps): BoundVerb {
  return implement(revokeSession, async (ctx, { session: id }) => {
    const { user, session } = callerOf(ctx)
    const [ended] = await db.accounts.run(deleteSession, { id, user })
    if (ended === undefined) throw new TenonError('not_found')
    const current = ended.id === session
    if (current) ctx.setSession(null)
    return { ...ended, current }
  })
}
