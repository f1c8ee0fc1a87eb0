import type { z } from 'zod'
import { TenonError } from './tenon-error.ts'

/** An opaque cursor: base64url of JSON. It holds a position, never a right: every page is asked for anew under the caller's scope. */
export function encodeCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url')
}

/** @throws TenonError `invalid_cursor` for anything that `encodeCursor` did not make of such a position. */
export function decodeCursor<T>(schema: z.ZodType<T>, cursor: string | undefined): T | null {
  if (cursor === undefined) return null
  try {
    return schema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')))
  } catch (cause) {
    throw new TenonError('invalid_cursor', { cause })
  }
}
