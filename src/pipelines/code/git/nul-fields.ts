import { TenonError } from '../../../kernel/tenon-error.ts'

/** Of one field. */
const MAX_BYTES = 1 << 20

/**
 * Splits output that comes in parts into fields that end with NUL; the answer takes the next part. A field is a view of
 * its part.
 *
 * @throws TenonError `repository_too_large` for a field of more than 1 MiB.
 */
export function nulFields(take: (field: Buffer) => void): (part: Buffer) => void {
  let begun: Buffer[] = []
  let size = 0
  return (part) => {
    let start = 0
    for (let end = part.indexOf(0); end >= 0; end = part.indexOf(0, start)) {
      const field = part.subarray(start, end)
      take(begun.length === 0 ? field : Buffer.concat([...begun, field]))
      begun = []
      size = 0
      start = end + 1
    }
    if (start === part.length) return
    begun.push(part.subarray(start))
    size += part.length - start
    if (size > MAX_BYTES) throw new TenonError('repository_too_large', { details: { limitFieldBytes: MAX_BYTES } })
  }
}
