import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { ALL_SCOPES, type Scope } from '../../../contract/scopes.ts'
import { refused, verifyJwt } from '../../../platform/jwt/index.ts'
import type { OAuthSettings } from './settings.ts'

/** What a token says that is to be believed. */
export interface VerifiedToken {
  readonly subject: string
  /** Slug or id, as the token has it. */
  readonly org: string
  readonly scopes: readonly Scope[]
  /** Until when it is accepted, clocks that differ allowed for. */
  readonly endsAtMs: number
  readonly expiresAtMs: number
}

const MAX_LIFE_S = 86_400
const ORG = /^[a-z][a-z0-9_-]{1,63}$/

/**
 * A signed access token (RFC 9068, and what is in use beside it).
 *
 * @throws TokenRefused; TenonError `unavailable` when the keys of the issuer can not be had
 */
export async function verifyToken(
  token: string,
  { settings, keys, now }: { readonly settings: OAuthSettings; readonly keys: JWTVerifyGetKey; readonly now: Date },
): Promise<VerifiedToken> {
  const { issuer, audiences, algorithms, orgClaim } = settings
  const rules = { issuer, audiences, algorithms, untyped: true, maxLifeSeconds: MAX_LIFE_S }
  const { claims, ...checked } = await verifyJwt(token, { rules, keys, now })
  const org = Object.hasOwn(claims, orgClaim) ? claims[orgClaim] : undefined
  if (typeof org !== 'string' || !ORG.test(org)) throw refused('it names no organisation')
  return { ...checked, org, scopes: scopesOf(claims) }
}

/** Those that Tenon has, of `scope` (RFC 9068) or of `scp`, which some issuers have in its place. */
function scopesOf({ scope, scp }: JWTPayload): readonly Scope[] {
  const given: unknown = scope ?? scp ?? ''
  const named = typeof given === 'string' ? given.split(' ') : given
  if (!Array.isArray(named)) throw refused('its scopes can not be read')
  return ALL_SCOPES.filter((known) => named.includes(known))
}
