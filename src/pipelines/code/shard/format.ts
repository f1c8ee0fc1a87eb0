/**
 * A shard is one immutable file: the texts of its blobs one after the other, then the index that is held in memory
 * while it is searched, then a footer. Numbers are little-endian and 32 bits wide.
 *
 *     texts
 *     index:  first segment of each document │ end, CRC-32 and first line of each segment
 *             │ segment of each unit │ blocks │ flags of each segment, a byte │ postings
 *     footer: magic │ version │ documents │ segments │ units │ blocks │ bytes of postings │ bytes of texts
 *
 * A segment is a run of whole lines of a document, of about 4 KiB: in a large file, a word is looked for only where it
 * may stand. A segment is one unit of the index; one with a line that is much longer has several, which overlap. A posting
 * is the rest of a trigram to the one before, then the units that have it: either their distances to each other, or a bit
 * for each unit where that is shorter. Every 16 of them make a block, so that one is found without reading all. The index
 * only says which segments may hold a text; each is verified on the text itself.
 */
export const FORMAT_VERSION = 2
export const MAGIC = 0x4853_4e54
export const FOOTER_BYTES = 32
export const BLOCK_POSTINGS = 16

/** A segment ends with the first line that reaches this size, in bytes. */
export const SEGMENT_BYTES = 4096

/** Flags of a segment. */
export const FLAG = {
  ascii: 1,
  transcoded: 2,
  /** It has characters beyond ASCII that fold to ASCII: the Kelvin sign or the long s. */
  foldsToAscii: 4,
} as const

/** What became of a blob that a shard was asked to hold. */
export interface ShardBlob {
  readonly sha: string
  readonly sizeBytes: number
  readonly lines: number
  /** Its number in the shard; null when it can't be searched. */
  readonly doc: number | null
  /** Why it can't be searched; null when it can. */
  readonly skipped: 'binary' | 'lfs' | null
}

export interface BuiltShard {
  readonly blobs: readonly ShardBlob[]
  /** Of the file. */
  readonly sizeBytes: number
  /** Of its index and footer. */
  readonly indexBytes: number
  /** SHA-256 of index and footer, in hexadecimal digits. */
  readonly checksum: string
}

/** A part of the index that is missing, truncated, altered or of another version; it has to be built again. */
export class DamagedError extends Error {
  /** Of the file in the blob store. */
  readonly key: string
  readonly reason: string

  constructor(key: string, reason: string, options?: ErrorOptions) {
    super(`a part of the index is damaged: ${reason}`, options)
    this.key = key
    this.reason = reason
    this.name = 'DamagedError'
  }
}

/** In which parts of the index section everything stands; offsets from its beginning. */
export function layoutOf({ docs, segments, units, blocks }: Sizes) {
  const ends = docs * 4
  const crcs = ends + segments * 4
  const lines = crcs + segments * 4
  const unitTable = lines + segments * 4
  const blockTable = unitTable + units * 4
  const flags = blockTable + blocks * 8
  const postings = flags + segments
  return { firsts: 0, ends, crcs, lines, unitTable, blockTable, flags, postings }
}

export interface Sizes {
  readonly docs: number
  readonly segments: number
  readonly units: number
  readonly blocks: number
}
