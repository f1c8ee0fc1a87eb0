/** Unsigned numbers below 2^32 in groups of seven bits, low ones first, as LEB128 has it. */
export class VarintWriter {
  bytes = new Uint8Array(1 << 16)
  length = 0

  write(value: number): void {
    this.reserve(5)
    let rest = value
    while (rest > 127) {
      this.bytes[this.length++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.bytes[this.length++] = rest
  }

  append(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  reserve(size: number): void {
    if (this.length + size <= this.bytes.length) return
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + size))
    larger.set(this.bytes)
    this.bytes = larger
  }
}

/** Bytes that the number takes. */
export function varintSize(value: number): number {
  if (value < 1 << 7) return 1
  if (value < 1 << 14) return 2
  if (value < 1 << 21) return 3
  return value < 1 << 28 ? 4 : 5
}
