import { enableTwoFactor } from '../../contract/accounts.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { asked } from './auth.ts'
import type { Deps } from './deps.ts'
import { ownHeaders } from './own-session.ts'

const ERRORS = { INVALID_PASSWORD: 'proof_wrong', TOTP_ALREADY_ENABLED: 'second_factor_active' } as const

export function enableTwoFactorVerb(deps: Deps): BoundVerb {
  return implement(enableTwoFactor, async (ctx, { password }) => {
    const auth = await deps.auth()
    const headers = await ownHeaders(ctx, deps, auth)
    const made = await asked(ERRORS, () => auth.api.enableTwoFactor({ body: { password, method: 'totp' }, headers }))
    if (!('totpURI' in made)) throw new Error('better-auth has begun another second factor')
    return { totpUri: made.totpURI, backupCodes: made.backupCodes }
  })
}
