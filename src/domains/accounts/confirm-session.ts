import { confirmSession } from '../../contract/accounts.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { asked, headersOf, type Auth } from './auth.ts'
import { beginSession } from './begin-session.ts'
import type { Deps } from './deps.ts'
import { personOf } from './person.ts'
import { openChallenge, signedCookie } from './signed.ts'

const ERRORS = {
  INVALID_TWO_FACTOR_COOKIE: 'sign_in_failed',
  INVALID_CODE: 'sign_in_failed',
  INVALID_BACKUP_CODE: 'sign_in_failed',
  TOTP_NOT_ENABLED: 'sign_in_failed',
  BACKUP_CODES_NOT_ENABLED: 'sign_in_failed',
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: 'sign_in_failed',
  ACCOUNT_TEMPORARILY_LOCKED: 'second_factor_locked',
} as const
/** A code is good for its half minute and those beside it. */
const USED_MS = 120_000

export function confirmSessionVerb(deps: Deps): BoundVerb {
  const { secrets } = deps
  return implement(confirmSession, async (ctx, { challenge, code, cookie }) => {
    const identifier = openChallenge(secrets, challenge)
    if (identifier === null) throw new TenonError('sign_in_failed')
    const auth = await deps.auth()
    const headers = headersOf(ctx, signedCookie(secrets, auth.context.createAuthCookie('two_factor').name, identifier))
    const isTotp = /^\d{6}$/.test(code)
    if (isTotp) await useOnce(auth, identifier, code)
    const { token, user } = await asked(ERRORS, () =>
      isTotp
        ? auth.api.verifyTOTP({ body: { code }, headers })
        : auth.api.verifyBackupCode({ body: { code }, headers }),
    )
    if (token === undefined) throw new Error('better-auth has begun no session')
    ctx.log.info({ userId: user.id }, 'a person has signed in with a second factor')
    return { session: beginSession(ctx, deps, { token, cookie }), user: personOf(user, { twoFactor: true }) }
  })
}

/** Whoever looks over a shoulder can not sign in with the same code. @throws TenonError `sign_in_failed` */
async function useOnce({ context: { internalAdapter } }: Auth, identifier: string, code: string): Promise<void> {
  const begun = await internalAdapter.findVerificationValue(identifier)
  const isNew =
    begun !== null &&
    (await internalAdapter.reserveVerificationValue({
      identifier: `totp ${begun.value} ${code}`,
      value: '',
      expiresAt: new Date(Date.now() + USED_MS),
    }))
  if (!isNew) throw new TenonError('sign_in_failed')
}
