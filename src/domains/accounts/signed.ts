import { createHmac, timingSafeEqual } from 'node:crypto'

/** What people hold is signed, so that whoever has read the database can not make it. The first secret signs, all are accepted. */
export type Secrets = readonly [string, ...string[]]

/** Nothing in it that is not a word: redaction masks all of it, and no JWT looks like it. */
const SESSION = /^tn_session_([A-Za-z0-9]{32})([A-Za-z0-9_-]{43})$/
const CHALLENGE = /^tn_challenge_([A-Za-z0-9_-]{1,64})_([A-Za-z0-9_-]{43})$/

export function looksLikeSession(credential: string): boolean {
  return credential.startsWith('tn_session_')
}

export function signSession(secrets: Secrets, token: string): string {
  return `tn_session_${token}${mac(secrets[0], `session ${token}`)}`
}

/** The token in the database; null when nobody who knows a secret has signed it. */
export function openSession(secrets: Secrets, credential: string): string | null {
  const [, token = '', signature = ''] = SESSION.exec(credential) ?? []
  return isSigned(secrets, `session ${token}`, signature) ? token : null
}

export function signChallenge(secrets: Secrets, identifier: string): string {
  return `tn_challenge_${identifier}_${mac(secrets[0], `challenge ${identifier}`)}`
}

export function openChallenge(secrets: Secrets, challenge: string): string | null {
  const [, identifier = '', signature = ''] = CHALLENGE.exec(challenge) ?? []
  return isSigned(secrets, `challenge ${identifier}`, signature) ? identifier : null
}

/** As better-auth signs its cookies. */
export function signedCookie(secrets: Secrets, name: string, value: string): string {
  const signature = createHmac('sha256', secrets[0]).update(value).digest('base64')
  return `${name}=${encodeURIComponent(`${value}.${signature}`)}`
}

/** Every secret is tried, whichever fits, so that time tells nothing. */
function isSigned(secrets: Secrets, text: string, signature: string): boolean {
  const given = Buffer.from(signature)
  let found = false
  for (const secret of secrets) {
    const expected = Buffer.from(mac(secret, text))
    if (given.length === expected.length && timingSafeEqual(given, expected)) found = true
  }
  return found
}

function mac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(`tenon ${text}`).digest('base64url')
}
