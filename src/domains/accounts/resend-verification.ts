import { resendVerification } from '../../contract/accounts.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectPassword, selectUserByEmail } from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { newMailToken } from './mail-token.ts'

/** The same statements whether or not anybody gets a mail. */
export function resendVerificationVerb({ db, mail }: Deps): BoundVerb {
  return implement(resendVerification, async (ctx, input) => {
    const email = input.email.toLowerCase()
    await db.cross('accounts', async (sql) => {
      const [found] = await sql.run(selectUserByEmail, { email })
      const user = found === undefined || found.emailVerified ? null : found
      const [account] = await sql.run(selectPassword, { user: user?.id ?? '' })
      const hash = account?.password ?? undefined
      const meant = user === null ? null : { user: user.id, name: user.name, ...(hash === undefined ? {} : { hash }) }
      const token = await newMailToken(sql, 'verify-email', meant)
      const content = { template: 'verification', name: user?.name ?? '', token } as const
      await mail.queueMail(sql, { to: email, content, drop: user === null }, ctx)
    })
    return { sent: true as const }
  })
}
