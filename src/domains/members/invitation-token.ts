import { createHash, randomBytes } from 'node:crypto'

const PREFIX = 'tn_invite_'
const BYTES = 32
const FORM = /^tn_invite_[A-Za-z0-9_-]{43}$/

export interface InvitationToken {
  /** Stands in the mail and nowhere else. */
  readonly token: string
  readonly tokenSha256: Buffer
}

export function newToken(): InvitationToken {
  const token = `${PREFIX}${randomBytes(BYTES).toString('base64url')}`
  return { token, tokenSha256: digestOf(token) }
}

/** null for what is no token by its form. */
export function digestOfToken(given: string): Buffer | null {
  const token = given.trim()
  return FORM.test(token) ? digestOf(token) : null
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
