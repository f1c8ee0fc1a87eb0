import type { DataOf } from '../../contract/operation.ts'
import type { listSessions, revokeSession, Session } from '../../contract/accounts.ts'
import { listOf } from './table.ts'
import { ago, plain, until, wrap, type Look, type Renderers } from './text.ts'

export const ACCOUNT_RENDERERS: Renderers = {
  'accounts.signUp': (_: unknown, look: Look) =>
    sentence('A mail is on its way. Open its link to confirm the address; until then nobody can sign in.', look),
  'accounts.verifyEmail': (_: unknown, look: Look) => sentence('The address is confirmed. You can sign in now.', look),
  'sessions.list': renderSessions,
  'sessions.revoke': ({ id }: DataOf<typeof revokeSession>, look: Look) => sentence(`Ended ${id}.`, look),
  'sessions.end': (_: unknown, look: Look) => sentence('Signed out.', look),
}

function renderSessions(sessions: DataOf<typeof listSessions>, look: Look): string {
  return listOf(sessions, look, 'No sessions.', ['ID', 'BEGUN', 'ENDS', 'FROM', 'WITH'], (session) => [
    session.id,
    session.current ? 'this one' : ago(session.createdAt),
    until(session.expiresAt),
    session.address ?? '–',
    programOf(session),
  ])
}

/** Of what browsers say of themselves, what tells them apart. */
function programOf({ userAgent }: Session): string {
  if (userAgent === null) return '–'
  return /(?:Firefox|Edg|OPR|Chrome|Safari)\/\d+/.exec(userAgent)?.[0].replace('Edg/', 'Edge/') ?? plain(userAgent)
}

function sentence(text: string, { width }: Look): string {
  return `${wrap(text, width).join('\n')}\n`
}
