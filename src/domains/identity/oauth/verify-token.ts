import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'
import { ALL_SCOPES, type Scope } from '../../../contract/scopes.ts'
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

/** Why a token is refused: for the log of the operator. A caller is not told. */
export class TokenRefused extends Error {}

const MAX_LENGTH = 8_192
const MAX_SKEW_S = 60
const MAX_LIFE_S = 86_400
const SEGMENT = /^[A-Za-z0-9_-]+$/
const ORG = /^[a-z][a-z0-9_-]{1,63}$/
const TYPES: ReadonlySet<string> = new Set(['at+jwt', 'jwt', 'application/at+jwt', 'application/jwt'])

/** Three parts: no API key has a dot. */
export function looksLikeToken(credential: string): boolean {
  return credential.split('.', 4).length === 3
}

/**
 * A signed access token (RFC 9068, and what is in use beside it). What is checked before the signature costs nothing:
 * only a token that could be right makes anyone ask the issuer.
 *
 * @throws TokenRefused; TenonError `unavailable` when the keys of the issuer can not be had
 */
export async function verifyToken(
  token: string,
  { settings, keys, now }: { readonly settings: OAuthSettings; readonly keys: JWTVerifyGetKey; readonly now: Date },
): Promise<VerifiedToken> {
  checkForm(token)
  checkHeader(token, settings)
  checkIssuer(token, settings)
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...settings.algorithms],
      issuer: settings.issuer,
      audience: [...settings.audiences],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: MAX_SKEW_S,
      currentDate: now,
    })
    return tokenOf(payload, settings, now)
  } catch (error) {
    throw error instanceof errors.JOSEError || error instanceof TypeError ? refused(reasonOf(error), error) : error
  }
}

/** One way to write each token: no padding, no white space, no bits that mean nothing. */
function checkForm(token: string): void {
  if (token.length > MAX_LENGTH) throw refused('it is too long')
  const exact = token
    .split('.')
    .every((part) => SEGMENT.test(part) && Buffer.from(part, 'base64url').toString('base64url') === part)
  if (!exact) throw refused('it is not in base64url')
}

function checkHeader(token: string, { algorithms }: OAuthSettings): void {
  const header = headerOf(token)
  const { typ, alg } = header
  if (!algorithms.some((allowed) => allowed === alg)) throw refused('its algorithm is not one of the configured')
  if (typ !== undefined && !(typeof typ === 'string' && TYPES.has(typ.toLowerCase())))
    throw refused('it is of another type')
  if (Object.hasOwn(header, 'crit')) throw refused('it asks for extensions')
}

/** Whoever names another issuer does not make anyone ask this one. What is not signed yet is believed in nothing else. */
function checkIssuer(token: string, { issuer }: OAuthSettings): void {
  let named: unknown
  try {
    named = decodeJwt(token).iss
  } catch (cause) {
    throw refused('it can not be read', cause)
  }
  if (named !== issuer) throw refused('its iss is not accepted')
}

function headerOf(token: string): ReturnType<typeof decodeProtectedHeader> {
  try {
    return decodeProtectedHeader(token)
  } catch (cause) {
    throw refused('its header can not be read', cause)
  }
}

function tokenOf(payload: JWTPayload, { orgClaim }: OAuthSettings, now: Date): VerifiedToken {
  const { sub: subject, exp, iat } = payload
  const nowS = now.getTime() / 1000
  if (typeof subject !== 'string' || subject === '' || subject.length > 512) throw refused('it has no subject')
  if (typeof exp !== 'number') throw refused('it does not end')
  const begun = typeof iat === 'number' ? iat : nowS
  if (begun > nowS + MAX_SKEW_S) throw refused('it was issued in the future')
  if (exp - begun > MAX_LIFE_S) throw refused('it lives too long')
  // Whoever presents it would have to prove that it is his, which is not checked here.
  if (payload['cnf'] !== undefined) throw refused('it is bound to a key of its holder')
  const org = Object.hasOwn(payload, orgClaim) ? payload[orgClaim] : undefined
  if (typeof org !== 'string' || !ORG.test(org)) throw refused('it names no organisation')
  return { subject, org, scopes: scopesOf(payload), expiresAtMs: exp * 1000, endsAtMs: (exp + MAX_SKEW_S) * 1000 }
}

/** Those that Tenon has, of `scope` (RFC 9068) or of `scp`, which some issuers have in its place. */
function scopesOf({ scope, scp }: JWTPayload): readonly Scope[] {
  const given: unknown = scope ?? scp ?? ''
  const named = typeof given === 'string' ? given.split(' ') : given
  if (!Array.isArray(named)) throw refused('its scopes can not be read')
  return ALL_SCOPES.filter((known) => named.includes(known))
}

function refused(reason: string, cause?: unknown): TokenRefused {
  return new TokenRefused(reason, { cause })
}

/** A code, or the name of the claim that is wrong; never its value. */
function reasonOf(error: Error): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return `its ${error.claim} is ${error.reason === 'missing' ? 'missing' : 'not accepted'}`
  return error instanceof errors.JOSEError ? error.code : 'it can not be read'
}
