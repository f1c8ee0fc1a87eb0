import { disableTwoFactor } from '../../contract/accounts.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectTwoFactor } from './accounts.sql.ts'
import { asked } from './auth.ts'
import { beginSession } from './begin-session.ts'
import type { Deps } from './deps.ts'
import { callerOf, ownHeaders, renewedToken } from './own-session.ts'

export function disableTwoFactorVerb(deps: Deps): BoundVerb {
  return implement(disableTwoFactor, async (ctx, { password, cookie }) => {
    const auth = await deps.auth()
    const own = await ownHeaders(ctx, deps, auth)
    const { user } = callerOf(ctx)
    const [factor] = await deps.db.accounts.run(selectTwoFactor, { user })
    if (factor === undefined) throw new TenonError('second_factor_missing')
    const { headers } = await asked({ INVALID_PASSWORD: 'proof_wrong' }, () =>
      auth.api.disableTwoFactor({ body: { password }, headers: own, returnHeaders: true }),
    )
    ctx.log.info({ userId: user }, 'a second factor was taken away')
    return { session: beginSession(ctx, deps, { token: renewedToken(headers, auth), cookie }) }
  })
}
