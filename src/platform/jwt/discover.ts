import { z } from 'zod'
import { fetchText } from './fetch-text.ts'

const MAX_BYTES = 65_536
const metadata = z.object({ issuer: z.string(), jwks_uri: z.url({ protocol: /^https?$/ }) })

/**
 * Where the issuer has its keys: by RFC 8414, else by OpenID Connect in both places that are in use for it.
 *
 * @throws when none of them answers, or with the first answer that is wrong
 */
export async function discover(issuer: string, signal: AbortSignal): Promise<string> {
  let failure: unknown
  for (const url of wellKnownOf(issuer)) {
    try {
      return keysOf(await fetchText(url, signal, MAX_BYTES), issuer)
    } catch (error) {
      if (signal.aborted) throw error
      failure ??= error
    }
  }
  throw failure
}

/** What the document says of another issuer is nothing that this one has said. */
function keysOf(text: string, issuer: string): string {
  const { issuer: named, jwks_uri: jwksUri } = metadata.parse(JSON.parse(text))
  if (named !== issuer) throw new Error('the metadata is that of another issuer')
  if (issuer.startsWith('https:') && !jwksUri.startsWith('https:')) throw new Error('the keys are not behind https')
  return jwksUri
}

function wellKnownOf(issuer: string): string[] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/+$/, '')
  const [oauth, openid] = ['/.well-known/oauth-authorization-server', '/.well-known/openid-configuration']
  return [...new Set([`${origin}${oauth}${path}`, `${origin}${openid}${path}`, `${origin}${path}${openid}`])]
}
