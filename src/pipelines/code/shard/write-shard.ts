import { isAscii } from 'node:buffer'
import { createHash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { fold } from './fold.ts'
import {
  BLOCK_POSTINGS,
  FLAG,
  FOOTER_BYTES,
  FORMAT_VERSION,
  layoutOf,
  MAGIC,
  SEGMENT_BYTES,
  type BuiltShard,
  type ShardBlob,
} from './format.ts'
import { decodeBlob, isLfsPointer, type BlobText } from '../blob-text.ts'
import { TrigramCollector, UNIT_OVERLAP } from './trigrams.ts'
import { VarintWriter, varintSize } from './varint.ts'

/** Texts are written when so many bytes have come together. */
const WRITE_BYTES = 1 << 20

const collector = new TrigramCollector()

/** Writes one shard, synchronously; meant for a thread. @throws what the file system gives, a full disk for instance */
export class ShardWriter {
  readonly #fd: number
  readonly #blobs: ShardBlob[] = []
  /** First segment of each document. */
  readonly #firsts: number[] = []
  /** Of each segment: */
  readonly #ends: number[] = []
  readonly #crcs: number[] = []
  readonly #lines: number[] = []
  readonly #flags: number[] = []
  /** Segment of each unit. */
  readonly #units: number[] = []
  /** Trigrams of all units, one unit after the other. */
  #keys = new Uint32Array(1 << 18)
  #keyCount = 0
  readonly #keyEnds: number[] = []
  #pending: Uint8Array[] = []
  #pendingBytes = 0
  #textBytes = 0

  constructor(file: string) {
    this.#fd = openSync(file, 'wx', 0o600)
  }

  /** Documents so far. */
  get docs(): number {
    return this.#firsts.length
  }

  add(sha: string, content: Uint8Array): void {
    const sizeBytes = content.length
    const decoded = decodeBlob(content)
    if (decoded === null || isLfsPointer(content)) {
      this.#blobs.push({ sha, sizeBytes, lines: 0, doc: null, skipped: decoded === null ? 'binary' : 'lfs' })
      return
    }
    const lines = this.#addText(decoded)
    this.#blobs.push({ sha, sizeBytes, lines, doc: this.#firsts.length - 1, skipped: null })
  }

  finish(): BuiltShard {
    this.#flush()
    const segments = this.#ends.length
    const pairs = sortByKey(this.#keys.subarray(0, this.#keyCount), this.#keyEnds)
    const { postings, blocks } = encodePostings(pairs, this.#units.length)
    const size = { docs: this.#firsts.length, segments, units: this.#units.length, blocks: blocks.length / 2 }
    const layout = layoutOf(size)
    const index = Buffer.alloc(layout.postings + postings.length + FOOTER_BYTES)
    const write = (at: number, values: readonly number[]): void =>
      values.forEach((value, i) => index.writeUInt32LE(value, at + i * 4))
    write(layout.firsts, this.#firsts)
    write(layout.ends, this.#ends)
    write(layout.crcs, this.#crcs)
    write(layout.lines, this.#lines)
    index.set(this.#flags, layout.flags)
    write(layout.unitTable, this.#units)
    write(layout.blockTable, blocks)
    index.set(postings, layout.postings)
    const footer = [
      MAGIC,
      FORMAT_VERSION,
      size.docs,
      segments,
      size.units,
      size.blocks,
      postings.length,
      this.#textBytes,
    ]
    write(index.length - FOOTER_BYTES, footer)
    writeAll(this.#fd, index)
    fsyncSync(this.#fd)
    const checksum = createHash('sha256').update(index).digest('hex')
    return { blobs: this.#blobs, sizeBytes: this.#textBytes + index.length, indexBytes: index.length, checksum }
  }

  close(): void {
    closeSync(this.#fd)
  }

  /** Answers how many lines it has. */
  #addText({ bytes, transcoded }: BlobText): number {
    this.#firsts.push(this.#ends.length)
    let lines = 0
    for (let start = 0; start < bytes.length || start === 0;) {
      const end = segmentEnd(bytes, start)
      const part = bytes.subarray(start, end)
      const ascii = isAscii(Buffer.from(part.buffer, part.byteOffset, part.length))
      const text = ascii ? '' : Buffer.from(part).toString('utf8')
      const flags = ascii ? FLAG.ascii : /[\u212a\u017f]/.test(text) ? FLAG.foldsToAscii : 0
      this.#index(ascii ? part : Buffer.from(fold(text)), ascii)
      this.#ends.push(this.#textBytes + end)
      this.#crcs.push(crc32(part))
      this.#lines.push(lines)
      this.#flags.push(flags | (transcoded ? FLAG.transcoded : 0))
      lines += countLines(part)
      start = end
      if (end === 0) break
    }
    this.#textBytes += bytes.length
    this.#pending.push(bytes)
    this.#pendingBytes += bytes.length
    if (this.#pendingBytes > WRITE_BYTES) this.#flush()
    return lines
  }

  /** Of the next segment. `ascii`: they are not folded yet. */
  #index(bytes: Uint8Array, ascii: boolean): void {
    const step = bytes.length <= SEGMENT_BYTES * 2 ? bytes.length : SEGMENT_BYTES
    for (let start = 0; start < bytes.length || start === 0; start += step) {
      this.#keep(collector.collect(bytes.subarray(start, start + step + UNIT_OVERLAP), ascii))
      if (step === 0) break
    }
  }

  #keep(trigrams: Uint32Array): void {
    if (this.#keyCount + trigrams.length > this.#keys.length) {
      const larger = new Uint32Array(Math.max(this.#keys.length * 2, this.#keyCount + trigrams.length))
      larger.set(this.#keys)
      this.#keys = larger
    }
    this.#keys.set(trigrams, this.#keyCount)
    this.#keyCount += trigrams.length
    this.#keyEnds.push(this.#keyCount)
    this.#units.push(this.#ends.length)
  }

  #flush(): void {
    writeAll(this.#fd, Buffer.concat(this.#pending))
    this.#pending = []
    this.#pendingBytes = 0
  }
}

/** Behind the line end that reaches the size of a segment; a segment that only a short rest would follow takes it. */
function segmentEnd(bytes: Uint8Array, start: number): number {
  if (bytes.length - start <= SEGMENT_BYTES * 1.5) return bytes.length
  const feed = bytes.indexOf(10, start + SEGMENT_BYTES - 1)
  return feed < 0 ? bytes.length : feed + 1
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at)
}

function countLines(bytes: Uint8Array): number {
  let lines = bytes.length > 0 && bytes[bytes.length - 1] !== 10 ? 1 : 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++
  return lines
}

interface Pairs {
  readonly keys: Uint32Array
  readonly units: Uint32Array
}

/** Radix sort in two passes of twelve bits; it is stable, so units stay in order within a trigram. */
function sortByKey(keys: Uint32Array, keyEnds: readonly number[]): Pairs {
  const units = new Uint32Array(keys.length)
  let from = 0
  keyEnds.forEach((end, unit) => {
    units.fill(unit, from, end)
    from = end
  })
  return sortPass(sortPass({ keys, units }, 0), 12)
}

function sortPass({ keys, units }: Pairs, shift: number): Pairs {
  const starts = new Uint32Array(4097)
  for (let i = 0; i < keys.length; i++) {
    const digit = (((keys[i] ?? 0) >>> shift) & 4095) + 1
    starts[digit] = (starts[digit] ?? 0) + 1
  }
  for (let digit = 1; digit < 4097; digit++) starts[digit] = (starts[digit] ?? 0) + (starts[digit - 1] ?? 0)
  const sorted = { keys: new Uint32Array(keys.length), units: new Uint32Array(keys.length) }
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? 0
    const digit = (key >>> shift) & 4095
    const place = starts[digit] ?? 0
    starts[digit] = place + 1
    sorted.keys[place] = key
    sorted.units[place] = units[i] ?? 0
  }
  return sorted
}

/** Postings, and for each block its first trigram and where it begins. */
function encodePostings({ keys, units }: Pairs, count: number): { postings: Uint8Array; blocks: number[] } {
  const out = new VarintWriter()
  const blocks: number[] = []
  const bitmap = new Uint8Array(Math.ceil(count / 8))
  let before = 0
  let written = 0
  for (let start = 0; start < keys.length;) {
    const key = keys[start] ?? 0
    let end = start + 1
    while (end < keys.length && keys[end] === key) end++
    if (written++ % BLOCK_POSTINGS === 0) {
      blocks.push(key, out.length)
      before = key
    }
    out.write(key - before)
    before = key
    writePosting(out, units.subarray(start, end), bitmap)
    start = end
  }
  return { postings: out.bytes.subarray(0, out.length), blocks }
}

/** Its size in bytes times two, plus one for a bitmap; then the bitmap, or the distances. */
function writePosting(out: VarintWriter, units: Uint32Array, bitmap: Uint8Array): void {
  let size = 0
  let last = -1
  for (const unit of units) {
    size += varintSize(unit - last - 1)
    last = unit
  }
  if (size > bitmap.length) {
    bitmap.fill(0)
    for (const unit of units) bitmap[unit >> 3] = (bitmap[unit >> 3] ?? 0) | (1 << (unit & 7))
    out.write(bitmap.length * 2 + 1)
    out.append(bitmap)
    return
  }
  out.write(size * 2)
  last = -1
  for (const unit of units) {
    out.write(unit - last - 1)
    last = unit
  }
}
