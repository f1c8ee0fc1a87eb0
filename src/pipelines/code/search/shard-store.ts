import { closeSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { DamagedError } from '../shard/format.ts'
import { openOr, ShardIndex } from '../shard/read-shard.ts'
import { stringOf } from '../shard/text.ts'

const MAX_OPEN = 512
const AHEAD_BYTES = 1 << 16

/** The shards that a thread may read: their indexes in memory, their texts on the disk. */
export class ShardStore {
  readonly #dir: string
  readonly #indexes = new Map<string, ShardIndex>()
  /** Open files, the least recently used first. */
  readonly #open = new Map<string, number>()
  #buffer = Buffer.allocUnsafe(AHEAD_BYTES)
  /** What of which file is in the buffer. */
  readonly #block = { key: '', start: 0, end: 0 }

  constructor(dir: string) {
    this.#dir = dir
  }

  keep(key: string, shared: SharedArrayBuffer): void {
    this.#indexes.set(key, new ShardIndex(key, shared))
  }

  forget(key: string): void {
    this.#indexes.delete(key)
    if (this.#block.key === key) this.#block.key = ''
    this.#close(key)
  }

  /** @throws DamagedError when it was not kept */
  index(key: string): ShardIndex {
    const index = this.#indexes.get(key)
    if (index === undefined) throw new DamagedError(key, 'not loaded')
    return index
  }

  /** The bytes of a segment, verified; valid until the next call. @throws DamagedError */
  bytes(key: string, segment: number): { bytes: Buffer; flags: number } {
    const { start, end, flags, crc } = this.index(key).segment(segment)
    const bytes = this.#read(key, start, end)
    if (crc32(bytes) !== crc) throw new DamagedError(key, 'a text has changed')
    return { bytes, flags }
  }

  /** The text of a segment, verified. @throws DamagedError */
  text(key: string, segment: number): string {
    const { bytes, flags } = this.bytes(key, segment)
    return stringOf(bytes, flags)
  }

  /** Reads ahead when segment follows segment. */
  #read(key: string, start: number, end: number): Buffer {
    const block = this.#block
    if (block.key !== key || start < block.start || end > block.end) {
      const follows = block.key === key && start >= block.end && start - block.end < AHEAD_BYTES
      const size = follows ? Math.max(end - start, AHEAD_BYTES) : end - start
      if (size > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(size * 2)
      block.key = ''
      const read = size === 0 ? 0 : readSync(this.#file(key), this.#buffer, 0, size, start)
      if (read < end - start) throw new DamagedError(key, 'too short')
      Object.assign(block, { key, start, end: start + read })
    }
    return this.#buffer.subarray(start - block.start, end - block.start)
  }

  #file(key: string): number {
    const present = this.#open.get(key)
    if (present !== undefined) {
      this.#open.delete(key)
      this.#open.set(key, present)
      return present
    }
    const fd = openOr(join(this.#dir, key), key)
    this.#open.set(key, fd)
    const [oldest] = this.#open.keys()
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#close(oldest)
    return fd
  }

  #close(key: string): void {
    const fd = this.#open.get(key)
    if (fd !== undefined) closeSync(fd)
    this.#open.delete(key)
  }
}
