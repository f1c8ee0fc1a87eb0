import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'

const ALGORITHM = 'aes-256-gcm'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const VERSION = 1

/** What opens a sealed text: a secret that is not stored beside it, and the place that it belongs to. */
export interface Lock {
  readonly secret: string
  /** Bound to the text: moved elsewhere, it does not open. */
  readonly place: string
}

/** A version byte, a nonce, the text under AES-256-GCM, and its tag. The key comes from the secret by HKDF-SHA-256. */
export function seal(lock: Lock, text: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(ALGORITHM, keyOf(lock), nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(lock.place))
  return Buffer.concat([Buffer.of(VERSION), nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
}

/** null when it was sealed under another secret or for another place, or is not what it was. */
export function unseal(lock: Lock, sealed: Buffer): string | null {
  if (sealed.length < 1 + NONCE_BYTES + TAG_BYTES || sealed[0] !== VERSION) return null
  const decipher = createDecipheriv(ALGORITHM, keyOf(lock), sealed.subarray(1, 1 + NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  })
  decipher.setAAD(Buffer.from(lock.place))
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  try {
    const opened = decipher.update(sealed.subarray(1 + NONCE_BYTES, -TAG_BYTES))
    return Buffer.concat([opened, decipher.final()]).toString('utf8')
  } catch {
    // Which check has failed would help whoever tries: it is not opened, and that is all.
    return null
  }
}

function keyOf({ secret, place }: Lock): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, place, 'tenon.seal.1', 32))
}
