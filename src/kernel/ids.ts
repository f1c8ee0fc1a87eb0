import { randomFillSync } from 'node:crypto'
import type { Id, IdPrefix } from '../contract/ids.ts'

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'
const TIME_CHARS = 10
const RANDOM_CHARS = 16

let lastMs = 0
let lastRandom = 0n

/** A new id; ids of one process sort in the order in which they were made. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  const now = Date.now()
  if (now > lastMs) {
    lastMs = now
    // The top bit stays free, so that counting up can not overflow.
    lastRandom = randomBits(10) >> 1n
  } else {
    lastRandom += 1n + randomBits(4)
  }
  return `${prefix}_${base32(BigInt(lastMs), TIME_CHARS)}${base32(lastRandom, RANDOM_CHARS)}`
}

const pool = Buffer.alloc(4096)
let used = pool.length

/** From a pool: asking the system for few bytes at a time costs more than all else of an id. */
function randomBits(bytes: number): bigint {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  const text = pool.toString('hex', used, used + bytes)
  pool.fill(0, used, used + bytes)
  used += bytes
  return BigInt(`0x${text}`)
}

function base32(value: bigint, chars: number): string {
  let text = ''
  for (let rest = value; text.length < chars; rest >>= 5n) text = (ALPHABET[Number(rest & 31n)] ?? '') + text
  return text
}
