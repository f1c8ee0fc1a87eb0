import type { UserId } from '../../contract/ids.ts'
import type { Clock, Ctx, Log } from '../../kernel/ctx.ts'
import type { Entered } from '../../kernel/identify.ts'
import type { Database } from '../../platform/db/index.ts'
import type { Mail } from '../../platform/mail/index.ts'
import type { Auth } from './auth.ts'
import type { Passwords } from './passwords.ts'
import type { Secrets } from './signed.ts'

export interface AccountsOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  /** At least 32 characters each: the first signs, those after it are accepted until they are taken away. */
  readonly secrets: Secrets
  readonly publicUrl: string
  readonly mail: Pick<Mail, 'queueMail'>
  /** As what a person enters the organisation that is named, or the only one that they belong to. */
  readonly enter: (user: UserId, named?: string) => Promise<Entered | null>
  /** Signs out whoever an external issuer vouches for: answers whether it knew them. */
  readonly endForeign?: ((ctx: Ctx) => Promise<boolean>) | undefined
}

/** What the verbs of this domain work with. */
export interface Deps extends AccountsOptions {
  readonly passwords: Passwords
  readonly auth: () => Promise<Auth>
}
