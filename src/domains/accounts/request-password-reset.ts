import { requestPasswordReset } from '../../contract/accounts.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectPasswordUser } from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { fingerprintOf, newMailToken } from './mail-token.ts'

/** The same statements whether or not anybody gets a mail. */
export function requestPasswordResetVerb({ db, mail }: Deps): BoundVerb {
  return implement(requestPasswordReset, async (ctx, input) => {
    const email = input.email.toLowerCase()
    await db.cross('accounts', async (sql) => {
      const [user] = await sql.run(selectPasswordUser, { email })
      const meant = user === undefined ? null : { user: user.id, replaces: fingerprintOf(user.password) }
      const token = await newMailToken(sql, 'reset-password', meant)
      const content = { template: 'password-reset', name: user?.name ?? '', token } as const
      await mail.queueMail(sql, { to: email, content, drop: user === undefined }, ctx)
    })
    return { sent: true as const }
  })
}
