import { randomBytes } from 'node:crypto'
import type { Id, IdPrefix } from '../contract/ids.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** A new id: 48 bits of time in milliseconds and 80 random bits in Crockford base32, so ids sort by creation. */
export function newId<P extends IdPrefix>(prefix: P, now: Date = new Date()): Id<P> {
  const bytes = Buffer.concat([Buffer.alloc(6), randomBytes(10)])
  bytes.writeUIntBE(now.getTime(), 0, 6)
  let value = BigInt(`0x${bytes.toString('hex')}`)
  let text = ''
  for (let i = 0; i < 26; i++, value >>= 5n) text = (ALPHABET[Number(value & 31n)] ?? '') + text
  return `${prefix}_${text}`
}
