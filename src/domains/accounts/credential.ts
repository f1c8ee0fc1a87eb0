import type { Holder } from '../../kernel/identify.ts'
import { renewSession, selectSession } from './accounts.sql.ts'
import { SESSION_SECONDS } from './auth.ts'
import type { Deps } from './deps.ts'
import { looksLikeSession, openSession } from './signed.ts'

/** Sessions as credentials: the signature first, then one query, so that what has ended is refused everywhere at once. */
export function sessionCredential({ db, secrets, enter }: Deps) {
  return {
    looksLike: looksLikeSession,
    authenticate: async (credential: string): Promise<Holder | null> => {
      const token = openSession(secrets, credential)
      if (token === null) return null
      const [session] = await db.accounts.run(selectSession, { token })
      if (session === undefined) return null
      const { id, userId, renewable } = session
      if (renewable) await db.accounts.run(renewSession, { id, seconds: SESSION_SECONDS })
      return {
        principal: { actor: { kind: 'user', id: userId, session: id, role: null }, org: null, scopes: [] },
        state: 'valid',
        enter: (named) => enter(userId, named),
      }
    },
  }
}
