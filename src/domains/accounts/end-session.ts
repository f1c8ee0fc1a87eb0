import { endSession } from '../../contract/accounts.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { deleteSession } from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { callerOf } from './own-session.ts'

export function endSessionVerb({ db, endForeign }: Deps): BoundVerb {
  return implement(endSession, async (ctx) => {
    const { user, session } = callerOf(ctx)
    if (session !== null) await db.accounts.run(deleteSession, { id: session, user })
    else if ((await endForeign?.(ctx)) !== true) throw new TenonError('external_account')
    ctx.setSession(null)
    ctx.log.info({ userId: user }, 'a person has signed out')
    return { ended: true as const }
  })
}
