import { FLAG } from './format.ts'

/** The text of a segment as a string. */
export function stringOf(bytes: Buffer, flags: number): string {
  return (flags & FLAG.ascii) === 0 ? bytes.toString('utf8') : bytes.toString('latin1')
}
