import { createSession } from '../../contract/accounts.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { deleteOvertaken, selectPasswordUser } from './accounts.sql.ts'
import { asked, CHALLENGE_SECONDS, headersOf, valueIn } from './auth.ts'
import { beginSession } from './begin-session.ts'
import type { Deps } from './deps.ts'
import { personOf } from './person.ts'
import { signChallenge } from './signed.ts'

const ERRORS = {
  INVALID_EMAIL_OR_PASSWORD: 'sign_in_failed',
  INVALID_EMAIL: 'sign_in_failed',
  EMAIL_NOT_VERIFIED: 'email_unverified',
} as const

export function createSessionVerb(deps: Deps): BoundVerb {
  return implement(createSession, async (ctx, { email, password: given, cookie }) => {
    const { db } = deps
    const auth = await deps.auth()
    const [known] = await db.accounts.run(selectPasswordUser, { email: email.toLowerCase() })
    const { headers, response } = await asked(ERRORS, () =>
      auth.api.signInEmail({ body: { email, password: given }, headers: headersOf(ctx), returnHeaders: true }),
    )
    if (!('token' in response)) {
      const identifier = valueIn(headers, auth.context.createAuthCookie('two_factor').name)
      if (identifier === null) throw new Error('better-auth has begun no challenge')
      const expiresAt = new Date(ctx.clock.now().getTime() + CHALLENGE_SECONDS * 1000).toISOString()
      return {
        session: null,
        secondFactor: { challenge: signChallenge(deps.secrets, identifier), expiresAt },
        user: null,
      }
    }
    const { token, user } = response
    const password = known?.password ?? null
    const overtaken = await db.accounts.run(deleteOvertaken, { token, user: user.id, password })
    if (overtaken.length > 0) throw new TenonError('sign_in_failed')
    ctx.log.info({ userId: user.id }, 'a person has signed in')
    return {
      session: beginSession(ctx, deps, { token, cookie }),
      secondFactor: null,
      user: personOf(user, { twoFactor: false }),
    }
  })
}
