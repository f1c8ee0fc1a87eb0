import type { NewSession } from '../../kernel/ctx.ts'

/** The session of a browser, in a cookie that no script can read. */
export interface SessionCookie {
  /** What the request brings; nothing of a request that another site's page may have caused. */
  read(request: Request): string | undefined
  /** The value of `Set-Cookie`: a new session, or with null none any more. */
  write(session: NewSession | null): string
}

/** Over https the browser itself sees to it that no other host can set the cookie. */
export function sessionCookie(publicUrl: string): SessionCookie {
  const { protocol, origin } = new URL(publicUrl)
  const secure = protocol === 'https:'
  const name = secure ? '__Host-tenon_session' : 'tenon_session'
  const rest = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`
  return {
    read: (request) => {
      const value = valueOf(request.headers.get('cookie') ?? '', name)
      return value === undefined || isForeign(request, origin) ? undefined : value
    },
    write: (session) =>
      session === null
        ? `${name}=; ${rest}; Max-Age=0`
        : `${name}=${encodeURIComponent(session.token)}; ${rest}; Expires=${session.expiresAt.toUTCString()}`,
  }
}

function valueOf(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const at = pair.indexOf('=')
    if (pair.slice(0, at).trim() === name) return decoded(pair.slice(at + 1).trim())
  }
  return undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    // Whatever it is, this server did not set it.
    return undefined
  }
}

/** Whoever can only look can do no harm; what changes something has to come from a page of this server. */
function isForeign({ method, headers }: Request, own: string): boolean {
  if (method === 'GET' || method === 'HEAD') return false
  const origin = headers.get('origin')
  return origin === null ? headers.get('sec-fetch-site') !== 'same-origin' : origin !== own
}
