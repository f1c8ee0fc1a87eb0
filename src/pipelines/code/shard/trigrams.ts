/**
 * A trigram is three neighbouring bytes of the folded text in UTF-8, as one number of 24 bits. None spans a line end,
 * but the two bytes before a line end count with it, so that a text of two bytes is found at the end of a line, too.
 */
export const TRIGRAM_BYTES = 3
const LINE_END = 10
const CARRIAGE_RETURN = 13

/** Bytes folded one by one: right for ASCII alone. */
const LOWER = Uint8Array.from({ length: 256 }, (_, byte) => (byte >= 65 && byte <= 90 ? byte + 32 : byte))

/** A long segment is indexed in units that overlap by so many bytes; no more of a text is looked up. */
export const UNIT_OVERLAP = 256
/** More do not tell more. */
const MAX_TRIGRAMS = 48

/** Finds the distinct trigrams of one text after another; made once, since it holds a bit for every trigram there is. */
export class TrigramCollector {
  readonly #seen = new Uint32Array(1 << 19)
  #found = new Uint32Array(1 << 16)
  #count = 0

  /** The distinct trigrams, unsorted; valid until the next call. `ascii`: fold it on the way; else it is folded. */
  collect(bytes: Uint8Array, ascii: boolean): Uint32Array {
    this.#reset()
    let key = 0
    let length = 0
    for (let i = 0; i < bytes.length; i++) {
      const byte = ascii ? (LOWER[bytes[i] ?? 0] ?? 0) : (bytes[i] ?? 0)
      if (byte === LINE_END || byte === CARRIAGE_RETURN) {
        if (length >= 2) this.#add(((key << 8) | LINE_END) & 0xffffff)
        length = 0
        continue
      }
      key = ((key << 8) | byte) & 0xffffff
      if (++length >= TRIGRAM_BYTES) this.#add(key)
    }
    if (length >= 2) this.#add(((key << 8) | LINE_END) & 0xffffff)
    return this.#found.subarray(0, this.#count)
  }

  #add(key: number): void {
    const word = key >>> 5
    const bit = 1 << (key & 31)
    const bits = this.#seen[word] ?? 0
    if ((bits & bit) !== 0) return
    this.#seen[word] = bits | bit
    if (this.#count === this.#found.length) {
      const larger = new Uint32Array(this.#found.length * 2)
      larger.set(this.#found)
      this.#found = larger
    }
    this.#found[this.#count++] = key
  }

  #reset(): void {
    for (let i = 0; i < this.#count; i++) this.#seen[(this.#found[i] ?? 0) >>> 5] = 0
    this.#count = 0
  }
}

/** Ranges of trigrams (both ends inclusive), each of which a text that holds this one has one of; null when it is too short. */
export type TrigramRange = readonly [from: number, to: number]

export function trigramsOf(folded: string): TrigramRange[] | null {
  const bytes = Buffer.from(folded, 'utf8').subarray(0, UNIT_OVERLAP)
  if (bytes.length === 2) {
    const from = (((bytes[0] ?? 0) << 16) | ((bytes[1] ?? 0) << 8)) >>> 0
    return [[from, from + 255]]
  }
  if (bytes.length < TRIGRAM_BYTES) return null
  const keys = new Set<number>()
  for (let i = 0; i + 2 < bytes.length; i++) {
    keys.add(((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0))
  }
  return [...keys].slice(0, MAX_TRIGRAMS).map((key) => [key, key])
}
