import { randomUUID } from 'node:crypto'
import { signUp } from '../../contract/accounts.ts'
import type { UserId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { insertUser, lockUserByEmail, rename, setPassword, type UserRow } from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { newMailToken } from './mail-token.ts'

/**
 * One mail, one answer and the same work whether or not there is such an account. The link of the mail stands for the
 * password and name of this sign-up, so that nobody confirms the address for the password of somebody else.
 */
export function signUpVerb({ db, mail, passwords }: Deps): BoundVerb {
  return implement(signUp, async (ctx, input) => {
    const { name } = input
    const email = input.email.toLowerCase()
    const hash = await passwords.hash(input.password)
    const now = ctx.clock.now()
    const user = await db.cross('accounts', async (sql) => {
      const found = await openUser(sql, { email, name, hash, now })
      const meant = found.emailVerified ? null : { user: found.id, hash, name }
      const token = await newMailToken(sql, 'verify-email', meant)
      const content = found.emailVerified
        ? ({ template: 'address-in-use', name: found.name } as const)
        : ({ template: 'verification', name, token } as const)
      await mail.queueMail(sql, { to: email, content }, ctx)
      return found
    })
    ctx.log.info({ userId: user.id, known: user.emailVerified }, 'somebody has signed up')
    return { sent: true as const }
  })
}

interface NewUser {
  readonly email: string
  readonly name: string
  readonly hash: string
  readonly now: Date
}

/** The account with this address, made when there is none. One that nobody has confirmed takes the newest password. */
async function openUser(sql: Sql, { email, name, hash, now }: NewUser): Promise<UserRow> {
  const [made] = await sql.run(insertUser, { id: newId('user'), email, name, verified: false, now })
  const found = made === undefined ? await lockUser(sql, email) : { id: made.id, email, name, emailVerified: false }
  if (found.emailVerified) return found
  if (made === undefined) await sql.run(rename, { user: found.id, name, now })
  await keepPassword(sql, { user: found.id, hash, now })
  return found
}

async function lockUser(sql: Sql, email: string): Promise<UserRow> {
  const [found] = await sql.run(lockUserByEmail, { email })
  if (found === undefined) throw new Error('the account has gone while somebody signed up for it')
  return found
}

export async function keepPassword(
  sql: Sql,
  { user, hash, now }: { readonly user: UserId; readonly hash: string; readonly now: Date },
): Promise<void> {
  await sql.run(setPassword, { id: randomUUID(), user, hash, now })
}
