import type { UserId } from '../../contract/ids.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { selectToken } from './accounts.sql.ts'
import { sessionHeaders, valueIn, type Auth } from './auth.ts'
import type { Deps } from './deps.ts'

/** Who calls. The kernel lets nobody else call an operation of people. */
export function callerOf({ actor }: Ctx): { readonly user: UserId; readonly session: string | null } {
  if (actor.kind !== 'user') throw new Error('it is not a person who calls')
  return { user: actor.id, session: actor.session }
}

/** The session of the call as better-auth takes it. @throws TenonError `external_account`, `unauthenticated` */
export async function ownHeaders(ctx: Ctx, { db, secrets }: Deps, auth: Auth): Promise<Headers> {
  const { user, session } = callerOf(ctx)
  if (session === null) throw new TenonError('external_account')
  const [found] = await db.accounts.run(selectToken, { id: session, user })
  if (found === undefined) throw new TenonError('unauthenticated')
  return sessionHeaders(ctx, auth, secrets, found.token)
}

/** The session that has taken the place of the caller's. */
export function renewedToken(headers: Headers, auth: Auth): string {
  const token = valueIn(headers, auth.context.authCookies.sessionToken.name)
  if (token === null) throw new Error('better-auth has renewed no session')
  return token
}
