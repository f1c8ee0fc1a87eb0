import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { DamagedError } from '../shard/format.ts'
import { CLASSES, classOf } from './class-of.ts'

/**
 * A snapshot is what a commit consists of, as one immutable file: which blob of which shard stands at which path. Files
 * are sorted by class, then by the bytes of their path.
 *
 *     header: magic │ version │ files │ bytes of JSON │ bytes of paths │ first file of each class
 *     ends of the paths │ shard of each file │ its document there │ its language, a byte │ JSON │ paths
 */
const MAGIC = 0x5353_4e54
const VERSION = 1
const HEADER_BYTES = 4 * (5 + CLASSES.length)

export interface SnapshotShard {
  readonly key: string
  readonly checksum: string
}

export interface SnapshotFile {
  readonly path: string
  /** Place in the list of shards. */
  readonly shard: number
  readonly doc: number
  readonly language: string | null
}

export function encodeSnapshot(shards: readonly SnapshotShard[], files: readonly SnapshotFile[]): Buffer {
  const rows = files
    .map((file) => ({ ...file, class: CLASSES.indexOf(classOf(file.path)), bytes: Buffer.from(file.path) }))
    .toSorted((a, b) => a.class - b.class || Buffer.compare(a.bytes, b.bytes))
  const languages = [...new Set(rows.flatMap(({ language }) => language ?? []))].toSorted()
  const json = Buffer.from(JSON.stringify({ shards, languages }))
  const paths = Buffer.concat(rows.map(({ bytes }) => bytes))
  const starts = CLASSES.map((_, number) => rows.filter((row) => row.class < number).length)
  const header = [MAGIC, VERSION, rows.length, json.length, paths.length, ...starts]
  let end = 0
  const ends = rows.map(({ bytes }) => (end += bytes.length))
  const numbers = Uint32Array.from([
    ...header,
    ...ends,
    ...rows.map(({ shard }) => shard),
    ...rows.map(({ doc }) => doc),
  ])
  const names = Uint8Array.from(rows, ({ language }) => (language === null ? 0 : languages.indexOf(language) + 1))
  return Buffer.concat([new Uint8Array(numbers.buffer), names, json, paths])
}

export function checksumOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/** Reads a snapshot into memory that threads share. @throws DamagedError */
export function loadSnapshot(file: string, { key, checksum }: SnapshotShard): SharedArrayBuffer {
  let bytes: Buffer
  try {
    bytes = readFileSync(file)
  } catch (cause) {
    throw new DamagedError(key, 'missing', { cause })
  }
  if (checksumOf(bytes) !== checksum) throw new DamagedError(key, 'checksum')
  const shared = new SharedArrayBuffer(bytes.length)
  Buffer.from(shared).set(bytes)
  return shared
}

export class Snapshot {
  readonly files: number
  readonly shards: readonly SnapshotShard[]
  readonly languages: readonly string[]
  readonly shardOf: Uint32Array
  readonly docOf: Uint32Array
  /** 0 for none, else one more than the place in `languages`. */
  readonly languageOf: Uint8Array
  readonly #ends: Uint32Array
  readonly #starts: readonly number[]
  readonly #paths: Buffer

  constructor(key: string, shared: SharedArrayBuffer) {
    const header = new Uint32Array(shared, 0, HEADER_BYTES / 4)
    const [magic, version, files = 0, jsonBytes = 0, pathBytes = 0, ...starts] = header
    if (magic !== MAGIC || version !== VERSION) throw new DamagedError(key, 'no snapshot of this version')
    let at = HEADER_BYTES
    const numbers = (): Uint32Array => {
      const array = new Uint32Array(shared, at, files)
      at += files * 4
      return array
    }
    this.files = files
    this.#ends = numbers()
    this.shardOf = numbers()
    this.docOf = numbers()
    this.languageOf = new Uint8Array(shared, at, files)
    const json = Buffer.from(shared, at + files, jsonBytes).toString()
    const { shards, languages } = JSON.parse(json) as { shards: SnapshotShard[]; languages: string[] }
    this.shards = shards
    this.languages = languages
    this.#paths = Buffer.from(shared, at + files + jsonBytes, pathBytes)
    this.#starts = starts
  }

  /** The files of a class: from, to (exclusive). */
  rangeOf(fileClass: number): readonly [number, number] {
    return [this.#starts[fileClass] ?? this.files, this.#starts[fileClass + 1] ?? this.files]
  }

  path(file: number): string {
    return this.pathBytes(file).toString('utf8')
  }

  pathBytes(file: number): Buffer {
    return this.#paths.subarray(file === 0 ? 0 : this.#ends[file - 1], this.#ends[file])
  }

  /** The file at this path; null when there is none. What its class was when this was written need not be what it is now. */
  find(path: string): number | null {
    const bytes = Buffer.from(path)
    for (const fileClass of CLASSES.keys()) {
      const found = this.#findIn(this.rangeOf(fileClass), bytes)
      if (found !== null) return found
    }
    return null
  }

  #findIn([from, to]: readonly [number, number], bytes: Buffer): number | null {
    let [low, high] = [from, to]
    while (low < high) {
      const middle = (low + high) >> 1
      const order = Buffer.compare(this.pathBytes(middle), bytes)
      if (order === 0) return middle
      if (order < 0) low = middle + 1
      else high = middle
    }
    return null
  }
}
