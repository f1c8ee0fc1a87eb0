import { z } from 'zod'
import type { Operation } from '../../contract/operation.ts'

type Kind = 'integer' | 'number' | 'boolean' | 'array' | 'other'

/** A query string holds only text: what a field's schema takes as number or boolean becomes one, when it reads like one. */
export function queryReader(operation: Operation): (params: URLSearchParams) => Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(operation.query, { io: 'input' }) as {
    properties?: Record<string, { type?: string }>
  }
  const kinds = new Map(Object.entries(properties).map(([name, { type }]) => [name, (type ?? 'other') as Kind]))
  return (params) =>
    Object.fromEntries(
      [...new Set(params.keys())].map((name) => {
        const values = params.getAll(name)
        const kind = kinds.get(name)
        // A single field that is given twice stays a list, which its schema refuses.
        return [name, kind === 'array' || values.length > 1 ? values : coerce(values[0] ?? '', kind)]
      }),
    )
}

function coerce(text: string, kind: Kind | undefined): unknown {
  if ((kind === 'integer' || kind === 'number') && /^-?\d{1,15}(?:\.\d+)?$/.test(text)) return Number(text)
  if (kind === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
