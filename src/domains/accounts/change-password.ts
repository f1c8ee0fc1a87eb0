import { changePassword } from '../../contract/accounts.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { asked } from './auth.ts'
import { beginSession } from './begin-session.ts'
import type { Deps } from './deps.ts'
import { callerOf, ownHeaders, renewedToken } from './own-session.ts'

const ERRORS = { INVALID_PASSWORD: 'proof_wrong', CREDENTIAL_ACCOUNT_NOT_FOUND: 'external_account' } as const

export function changePasswordVerb(deps: Deps): BoundVerb {
  return implement(changePassword, async (ctx, { currentPassword, newPassword, cookie }) => {
    const auth = await deps.auth()
    const own = await ownHeaders(ctx, deps, auth)
    const { headers } = await asked(ERRORS, () =>
      auth.api.changePassword({
        body: { currentPassword, newPassword, revokeOtherSessions: true },
        headers: own,
        returnHeaders: true,
      }),
    )
    ctx.log.info({ userId: callerOf(ctx).user }, 'a password was changed')
    return { session: beginSession(ctx, deps, { token: renewedToken(headers, auth), cookie }) }
  })
}
