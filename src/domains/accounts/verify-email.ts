import { verifyEmail } from '../../contract/accounts.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { confirmUser, rename } from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { takeMailToken } from './mail-token.ts'
import { keepPassword } from './sign-up.ts'

export function verifyEmailVerb({ db }: Deps): BoundVerb {
  return implement(verifyEmail, async (ctx, { token }) => {
    const now = ctx.clock.now()
    const { user } = await db.cross('accounts', async (sql) => {
      const meant = await takeMailToken(sql, 'verify-email', token)
      const [confirmed] = await sql.run(confirmUser, { user: meant.user, now })
      if (confirmed === undefined) return meant
      if (meant.name !== undefined) await sql.run(rename, { user: meant.user, name: meant.name, now })
      if (meant.hash !== undefined) await keepPassword(sql, { user: meant.user, hash: meant.hash, now })
      return meant
    })
    ctx.log.info({ userId: user }, 'an e-mail address is confirmed')
    return { verified: true as const }
  })
}
