import { confirmTwoFactor } from '../../contract/accounts.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectTwoFactor } from './accounts.sql.ts'
import { asked } from './auth.ts'
import { beginSession } from './begin-session.ts'
import type { Deps } from './deps.ts'
import { callerOf, ownHeaders, renewedToken } from './own-session.ts'

const ERRORS = { INVALID_CODE: 'proof_wrong', TOTP_NOT_ENABLED: 'second_factor_missing' } as const

export function confirmTwoFactorVerb(deps: Deps): BoundVerb {
  return implement(confirmTwoFactor, async (ctx, { code, cookie }) => {
    const auth = await deps.auth()
    const own = await ownHeaders(ctx, deps, auth)
    const { user } = callerOf(ctx)
    // One that counts already would only tell whether the code is right, as often as somebody asks.
    const [factor] = await deps.db.accounts.run(selectTwoFactor, { user })
    if (factor === undefined) throw new TenonError('second_factor_missing')
    if (factor.verified) throw new TenonError('second_factor_active')
    const { headers } = await asked(ERRORS, () =>
      auth.api.verifyTOTP({ body: { code }, headers: own, returnHeaders: true }),
    )
    ctx.log.info({ userId: user }, 'a second factor was added')
    return { session: beginSession(ctx, deps, { token: renewedToken(headers, auth), cookie }) }
  })
}
