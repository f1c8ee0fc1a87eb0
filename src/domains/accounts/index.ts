import type { BoundVerb } from '../../kernel/verb.ts'
import { deleteEnded, deleteUnconfirmed } from './accounts.sql.ts'
import { createAuth } from './auth.ts'
import { changePasswordVerb } from './change-password.ts'
import { confirmSessionVerb } from './confirm-session.ts'
import { confirmTwoFactorVerb } from './confirm-two-factor.ts'
import { createSessionVerb } from './create-session.ts'
import { sessionCredential } from './credential.ts'
import type { AccountsOptions, Deps } from './deps.ts'
import { disableTwoFactorVerb } from './disable-two-factor.ts'
import { enableTwoFactorVerb } from './enable-two-factor.ts'
import { endSessionVerb } from './end-session.ts'
import { listSessionsVerb } from './list-sessions.ts'
import { createPasswords } from './passwords.ts'
import { people, type People } from './people.ts'
import { requestPasswordResetVerb } from './request-password-reset.ts'
import { resendVerificationVerb } from './resend-verification.ts'
import { resetPasswordVerb } from './reset-password.ts'
import { revokeSessionVerb } from './revoke-session.ts'
import { signUpVerb } from './sign-up.ts'
import { verifyEmailVerb } from './verify-email.ts'

export type { AccountsOptions } from './deps.ts'
export type { KnownUser, People } from './people.ts'

export interface Accounts extends People {
  readonly verbs: readonly BoundVerb[]
  readonly credential: ReturnType<typeof sessionCredential>
  /** Once a minute: removes what has ended. */
  readonly tasks: readonly (() => Promise<void>)[]
}

/** People with an account of this installation: sign-up, sessions, second factors. */
export function createAccounts(options: AccountsOptions): Accounts {
  const passwords = createPasswords()
  const deps: Deps = { ...options, passwords, auth: createAuth({ ...options, passwords }) }
  const { db } = options
  return {
    ...people(deps),
    verbs: [
      signUpVerb(deps),
      verifyEmailVerb(deps),
      resendVerificationVerb(deps),
      requestPasswordResetVerb(deps),
      resetPasswordVerb(deps),
      changePasswordVerb(deps),
      createSessionVerb(deps),
      confirmSessionVerb(deps),
      listSessionsVerb(deps),
      revokeSessionVerb(deps),
      endSessionVerb(deps),
      enableTwoFactorVerb(deps),
      confirmTwoFactorVerb(deps),
      disableTwoFactorVerb(deps),
    ],
    credential: sessionCredential(deps),
    tasks: [
      async () => {
        await db.accounts.run(deleteEnded, {})
        await db.accounts.run(deleteUnconfirmed, {})
      },
    ],
  }
}
