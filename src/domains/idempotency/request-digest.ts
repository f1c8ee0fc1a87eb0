import { createHash } from 'node:crypto'

/** The same for the same request, however its fields are ordered. */
export function requestDigest(operation: string, input: object): Buffer {
  return createHash('sha256')
    .update(JSON.stringify([operation, sorted(input)]))
    .digest()
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, item]) => item !== undefined)
  return { fields: entries.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, item]) => [name, sorted(item)]) }
}
