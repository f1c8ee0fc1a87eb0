import { createHash, randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** `tn_live_`, 43 base62 characters that hold 256 random bits, and 6 that hold their CRC-32. */
const PREFIX = 'tn_live_'
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const BODY_LENGTH = 43
const CHECK_LENGTH = 6
const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${BODY_LENGTH + CHECK_LENGTH}}$`)

export interface NewSecret {
  readonly secret: string
  readonly sha256: Buffer
  /** Enough to tell keys apart, too little to guess one. */
  readonly hint: string
}

export function newSecret(): NewSecret {
  const body = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), BODY_LENGTH)
  const secret = PREFIX + body + checksum(body)
  return { secret, sha256: digestOf(secret), hint: `${secret.slice(0, PREFIX.length + 4)}…` }
}

/** A typing error is found here, before the database is asked. */
export function isWellFormed(secret: string): boolean {
  if (!FORM.test(secret)) return false
  const body = secret.slice(PREFIX.length, PREFIX.length + BODY_LENGTH)
  return secret.endsWith(checksum(body))
}

export function digestOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest()
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), CHECK_LENGTH)
}

export function base62(value: bigint, length: number): string {
  let text = ''
  for (let rest = value, i = 0; i < length; i++, rest /= 62n) text = (ALPHABET[Number(rest % 62n)] ?? '') + text
  return text
}
