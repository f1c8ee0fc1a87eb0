import { resetPassword } from '../../contract/accounts.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { confirmUser, deleteSessions, lockPassword } from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { checkMailToken, fingerprintOf, takeMailToken } from './mail-token.ts'
import { keepPassword } from './sign-up.ts'

/** Token, password and sessions in one transaction; other links to a new password end with the old one. Whoever reads the mailbox has confirmed the address as well. */
export function resetPasswordVerb({ db, passwords }: Deps): BoundVerb {
  return implement(resetPassword, async (ctx, { token, password }) => {
    // Before the work of hashing.
    await checkMailToken(db.accounts, 'reset-password', token)
    const hash = await passwords.hash(password)
    const now = ctx.clock.now()
    const { user } = await db.cross('accounts', async (sql) => {
      const meant = await takeMailToken(sql, 'reset-password', token)
      const [account] = await sql.run(lockPassword, { user: meant.user })
      if (fingerprintOf(account?.password ?? '') !== meant.replaces) throw new TenonError('mail_token_invalid')
      await keepPassword(sql, { user: meant.user, hash, now })
      await sql.run(confirmUser, { user: meant.user, now })
      await sql.run(deleteSessions, { user: meant.user })
      return meant
    })
    ctx.log.info({ userId: user }, 'a password was set by mail')
    return { changed: true as const }
  })
}
