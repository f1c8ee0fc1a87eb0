import { createHash } from 'node:crypto'
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { BLOCK_POSTINGS, DamagedError, FOOTER_BYTES, FORMAT_VERSION, layoutOf, MAGIC } from './format.ts'
import { ANYTHING, type Need } from './need.ts'
import type { TrigramRange } from './trigrams.ts'

/** Reads the index of a shard, without its texts, into memory that threads share. @throws DamagedError */
export function loadIndex(file: string, { key, checksum }: { key: string; checksum: string }): SharedArrayBuffer {
  const fd = openOr(file, key)
  try {
    const { size } = fstatSync(fd)
    const footer = Buffer.alloc(FOOTER_BYTES)
    if (size < FOOTER_BYTES || readSync(fd, footer, 0, FOOTER_BYTES, size - FOOTER_BYTES) < FOOTER_BYTES)
      throw new DamagedError(key, 'too short')
    const { textBytes } = readFooter(footer, key)
    if (textBytes > size) throw new DamagedError(key, 'too short')
    const shared = new SharedArrayBuffer(size - textBytes)
    const index = Buffer.from(shared)
    const read = readSync(fd, index, 0, index.length, textBytes)
    if (read < index.length || createHash('sha256').update(index).digest('hex') !== checksum)
      throw new DamagedError(key, 'checksum')
    return shared
  } finally {
    closeSync(fd)
  }
}

/** Opens a file of the index. @throws DamagedError when it is gone */
export function openOr(file: string, key: string): number {
  try {
    return openSync(file, 'r')
  } catch (cause) {
    throw new DamagedError(key, 'missing', { cause })
  }
}

function readFooter(footer: Buffer, key: string) {
  const number = (i: number): number => footer.readUInt32LE(i * 4)
  if (number(0) !== MAGIC || number(1) !== FORMAT_VERSION) throw new DamagedError(key, 'no shard of this version')
  const [docs, segments, units, blocks] = [number(2), number(3), number(4), number(5)]
  return { docs, segments, units, blocks, postingBytes: number(6), textBytes: number(7) }
}

/** The index of a shard as it is searched. It was verified when it was loaded. */
export class ShardIndex {
  readonly key: string
  readonly docs: number
  readonly segments: number
  readonly #firsts: Uint32Array
  readonly #ends: Uint32Array
  readonly #crcs: Uint32Array
  readonly #lines: Uint32Array
  readonly #flags: Uint8Array
  readonly #blocks: Uint32Array
  readonly #postings: Uint8Array
  /** Segment of each unit. */
  readonly #units: Uint32Array
  /** Where the postings are being read. */
  #at = 0

  constructor(key: string, shared: SharedArrayBuffer) {
    this.key = key
    const footer = Buffer.from(shared, shared.byteLength - FOOTER_BYTES, FOOTER_BYTES)
    const { docs, segments, units, blocks, postingBytes } = readFooter(footer, key)
    const layout = layoutOf({ docs, segments, units, blocks })
    this.docs = docs
    this.segments = segments
    this.#units = new Uint32Array(shared, layout.unitTable, units)
    this.#firsts = new Uint32Array(shared, layout.firsts, docs)
    this.#ends = new Uint32Array(shared, layout.ends, segments)
    this.#crcs = new Uint32Array(shared, layout.crcs, segments)
    this.#lines = new Uint32Array(shared, layout.lines, segments)
    this.#flags = new Uint8Array(shared, layout.flags, segments)
    this.#blocks = new Uint32Array(shared, layout.blockTable, blocks * 2)
    this.#postings = new Uint8Array(shared, layout.postings, postingBytes)
  }

  /** The segments of a document: from, to (exclusive). */
  segmentsOf(doc: number): readonly [from: number, to: number] {
    return [this.#firsts[doc] ?? this.segments, this.#firsts[doc + 1] ?? this.segments]
  }

  /** Where a segment stands in the file, its flags, its CRC-32, and how many lines of its document are before it. */
  segment(segment: number): { start: number; end: number; flags: number; crc: number; lines: number } {
    return {
      start: segment === 0 ? 0 : (this.#ends[segment - 1] ?? 0),
      end: this.#ends[segment] ?? 0,
      flags: this.#flags[segment] ?? 0,
      crc: this.#crcs[segment] ?? 0,
      lines: this.#lines[segment] ?? 0,
    }
  }

  /**
   * The segments that may hold what is needed, a bit for each; null when there is none.
   */
  candidates(need: Need): Uint8Array | null {
    if (need.kind === 'anything') return new Uint8Array(Math.ceil(this.segments / 8)).fill(255)
    if (need.kind === 'text') return this.#withText(need.trigrams)
    if (need.kind === 'all') {
      let left: Uint8Array | null = null
      for (const part of need.parts) {
        const found = this.candidates(part)
        if (found === null) return null
        left = left === null ? found : intersect(left, found)
        if (left === null) return null
      }
      return left ?? this.candidates(ANYTHING)
    }
    return need.parts.reduce<Uint8Array | null>((all, part) => union(all, this.candidates(part)), null)
  }

  /** A trigram that refuses a shard may well refuse the next one: it is moved to the front. */
  #withText(trigrams: TrigramRange[]): Uint8Array | null {
    let left: Uint8Array | null = null
    for (const [i, trigram] of trigrams.entries()) {
      const marked = new Uint8Array(Math.ceil(this.#units.length / 8))
      const found = this.#mark(trigram, marked) ? marked : null
      left = left === null || found === null ? found : intersect(left, found)
      // Looking at a text or two is quicker than looking up more.
      if (left !== null && i >= ENOUGH && isSparse(left)) break
      if (left === null) {
        trigrams.splice(i, 1)
        trigrams.unshift(trigram)
        return null
      }
    }
    return left === null || this.#units.length === this.segments ? left : this.#toSegments(left)
  }

  #toSegments(units: Uint8Array): Uint8Array {
    const segments = new Uint8Array(Math.ceil(this.segments / 8))
    this.#units.forEach((segment, unit) => {
      if (((units[unit >> 3] ?? 0) & (1 << (unit & 7))) !== 0)
        segments[segment >> 3] = (segments[segment >> 3] ?? 0) | (1 << (segment & 7))
    })
    return segments
  }

  /** False when no unit has a trigram of this range. */
  #mark([from, to]: TrigramRange, into: Uint8Array): boolean {
    let found = false
    for (let block = this.#blockOf(from); block * 2 < this.#blocks.length; block++) {
      let key = this.#blocks[block * 2] ?? 0
      if (key > to) break
      this.#at = this.#blocks[block * 2 + 1] ?? 0
      for (let i = 0; i < BLOCK_POSTINGS && this.#at < this.#postings.length; i++) {
        key += this.#varint()
        if (key > to) return found
        const head = this.#varint()
        const end = this.#at + (head >>> 1)
        if (key >= from) {
          found = true
          if ((head & 1) === 1) this.#markBitmap(end, into)
          else this.#markList(end, into)
        }
        this.#at = end
      }
    }
    return found
  }

  /** The last block that begins at or before this trigram. */
  #blockOf(key: number): number {
    let low = 0
    let high = this.#blocks.length / 2 - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#blocks[middle * 2] ?? 0) <= key) low = middle
      else high = middle - 1
    }
    return low
  }

  #varint(): number {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = this.#postings[this.#at++] ?? 0
      value |= (byte & 127) << shift
      if (byte < 128) return value >>> 0
    }
  }

  #markBitmap(end: number, into: Uint8Array): void {
    for (let i = 0, at = this.#at; at < end; i++, at++) into[i] = (into[i] ?? 0) | (this.#postings[at] ?? 0)
  }

  #markList(end: number, into: Uint8Array): void {
    for (let unit = -1; this.#at < end;) {
      unit += this.#varint() + 1
      into[unit >> 3] = (into[unit >> 3] ?? 0) | (1 << (unit & 7))
    }
  }
}

/** After so many trigrams, a shard that has few candidates left is not asked for more. */
const ENOUGH = 3

function isSparse(bits: Uint8Array): boolean {
  let some = 0
  for (const byte of bits) if (byte !== 0 && ++some > 1) return false
  return true
}

function intersect(one: Uint8Array, other: Uint8Array): Uint8Array | null {
  let some = 0
  for (let i = 0; i < one.length; i++) some |= one[i] = (one[i] ?? 0) & (other[i] ?? 0)
  return some === 0 ? null : one
}

function union(one: Uint8Array | null, other: Uint8Array | null): Uint8Array | null {
  if (one === null || other === null) return one ?? other
  for (let i = 0; i < one.length; i++) one[i] = (one[i] ?? 0) | (other[i] ?? 0)
  return one
}
