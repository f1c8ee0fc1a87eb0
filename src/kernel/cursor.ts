import type { z } from 'zod'
import type { JsonValue } from '../contract/errors.ts'
import { containsUnstorable } from './parse-input.ts'
import { TenonError } from './tenon-error.ts'

/** An opaque position in a list: JSON in base64url. It carries no right: what it names is read under the tenant's scope. */
export function encodeCursor(position: JsonValue): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

export function decodeCursor<T>(cursor: string, position: z.ZodType<T>): T {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
  } catch (cause) {
    throw new TenonError('invalid_cursor', { cause })
  }
  if (containsUnstorable(value)) throw new TenonError('invalid_cursor')
  const parsed = position.safeParse(value)
  if (!parsed.success || cursor !== encodeCursor(value as JsonValue)) throw new TenonError('invalid_cursor')
  return parsed.data
}
