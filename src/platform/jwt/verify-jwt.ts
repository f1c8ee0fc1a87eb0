import { decodeJwt, decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose'

/** What a token has to be, fixed before it is seen: nothing in it decides how it is checked. */
export interface TokenRules {
  /** Exactly as the tokens have it. */
  readonly issuer: string
  /** It has to be for one of these. */
  readonly audiences: readonly string[]
  readonly algorithms: readonly string[]
  /** Whether a token may be of no type; of another than a JWT or an access token it never is. */
  readonly untyped: boolean
  readonly maxLifeSeconds: number
}

export interface CheckedToken {
  readonly subject: string
  readonly claims: JWTPayload
  /** Until when it is accepted, clocks that differ allowed for. */
  readonly endsAtMs: number
  readonly expiresAtMs: number
}

/** Why a token is refused: for the log of the operator. A caller is not told. */
export class TokenRefused extends Error {}

const MAX_LENGTH = 8_192
const MAX_SKEW_S = 60
const SEGMENT = /^[A-Za-z0-9_-]+$/
const TYPES: ReadonlySet<string> = new Set(['at+jwt', 'jwt', 'application/at+jwt', 'application/jwt'])

/** Three parts: no API key has a dot. */
export function looksLikeToken(credential: string): boolean {
  return credential.split('.', 4).length === 3
}

/** Whom an unchecked token says it is from, to find out who could check it; undefined when it can not be read. */
export function unverifiedIssuer(token: string): unknown {
  if (token.length > MAX_LENGTH || !looksLikeToken(token)) return undefined
  try {
    return decodeJwt(token).iss
  } catch {
    // What can not be read names nobody.
    return undefined
  }
}

/**
 * A signed token of the issuer. What is checked before the signature costs nothing: only a token that could be right makes
 * anyone ask the issuer.
 *
 * @throws TokenRefused; TenonError `unavailable` when the keys of the issuer can not be had
 */
export async function verifyJwt(
  token: string,
  { rules, keys, now }: { readonly rules: TokenRules; readonly keys: JWTVerifyGetKey; readonly now: Date },
): Promise<CheckedToken> {
  checkForm(token)
  checkHeader(token, rules)
  checkIssuer(token, rules)
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...rules.algorithms],
      issuer: rules.issuer,
      audience: [...rules.audiences],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: MAX_SKEW_S,
      currentDate: now,
    })
    return checkedOf(payload, rules, now)
  } catch (error) {
    throw error instanceof errors.JOSEError || error instanceof TypeError ? refused(reasonOf(error), error) : error
  }
}

export function refused(reason: string, cause?: unknown): TokenRefused {
  return new TokenRefused(reason, { cause })
}

/** One way to write each token: no padding, no white space, no bits that mean nothing. */
function checkForm(token: string): void {
  if (token.length > MAX_LENGTH) throw refused('it is too long')
  const exact = token
    .split('.')
    .every((part) => SEGMENT.test(part) && Buffer.from(part, 'base64url').toString('base64url') === part)
  if (!exact) throw refused('it is not in base64url')
}

function checkHeader(token: string, { algorithms, untyped }: TokenRules): void {
  const header = headerOf(token)
  const { typ, alg } = header
  if (!algorithms.some((allowed) => allowed === alg)) throw refused('its algorithm is not one of the configured')
  const typed = typ === undefined ? untyped : typeof typ === 'string' && TYPES.has(typ.toLowerCase())
  if (!typed) throw refused('it is of another type')
  if (Object.hasOwn(header, 'crit')) throw refused('it asks for extensions')
}

/** Whoever names another issuer does not make anyone ask this one. What is not signed yet is believed in nothing else. */
function checkIssuer(token: string, { issuer }: TokenRules): void {
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

function checkedOf(claims: JWTPayload, { maxLifeSeconds }: TokenRules, now: Date): CheckedToken {
  const { sub: subject, exp, iat } = claims
  const nowS = now.getTime() / 1000
  if (typeof subject !== 'string' || subject === '' || subject.length > 512) throw refused('it has no subject')
  if (typeof exp !== 'number') throw refused('it does not end')
  const begun = typeof iat === 'number' ? iat : nowS
  if (begun > nowS + MAX_SKEW_S) throw refused('it was issued in the future')
  if (exp - begun > maxLifeSeconds) throw refused('it lives too long')
  // Whoever presents it would have to prove that it is his, which is not checked here.
  if (claims['cnf'] !== undefined) throw refused('it is bound to a key of its holder')
  return { subject, claims, expiresAtMs: exp * 1000, endsAtMs: (exp + MAX_SKEW_S) * 1000 }
}

/** A code, or the name of the claim that is wrong; never its value. */
function reasonOf(error: Error): string {
  if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired)
    return `its ${error.claim} is ${error.reason === 'missing' ? 'missing' : 'not accepted'}`
  return error instanceof errors.JOSEError ? error.code : 'it can not be read'
}
