import type { begunSession } from '../../contract/accounts.ts'
import type { z } from 'zod'
import type { Ctx } from '../../kernel/ctx.ts'
import { SESSION_SECONDS } from './auth.ts'
import type { Deps } from './deps.ts'
import { signSession } from './signed.ts'

/** What browsers keep a cookie for at most: how long it is good for is up to the server, which renews it with use. */
const COOKIE_SECONDS = 400 * 86_400

/** Hands over a session: as a credential, or to a browser in a cookie, where no script can read it. */
export function beginSession(
  ctx: Ctx,
  { secrets }: Pick<Deps, 'secrets'>,
  { token, cookie }: { readonly token: string; readonly cookie: boolean },
): z.output<typeof begunSession> {
  const now = ctx.clock.now().getTime()
  const credential = signSession(secrets, token)
  if (cookie) ctx.setSession({ token: credential, expiresAt: new Date(now + COOKIE_SECONDS * 1000) })
  return {
    token: cookie ? null : credential,
    expiresAt: new Date(now + SESSION_SECONDS * 1000).toISOString(),
  }
}
