import { TenonError } from '../../kernel/tenon-error.ts'

const TIMEOUT = new Set(['57014', '25P03', '55P03'])
/** Connection exceptions, a deadlock that this one had to give way in, too many connections, server going down or starting, out of disk or memory. */
const UNAVAILABLE = /^(?:08|40001|40P01|53|57P0[1-5]|ECONN|EPIPE|ENOTFOUND|EAI_|ETIMEDOUT)/
const LOST =
  /connection terminated|timeout exceeded when trying to connect|connection timeout|server closed the connection|client has encountered a connection error|query read timeout/i

/** PostgreSQL's and pg's errors that callers can act on; what isn't one of these stays as it is. */
export function mapDatabaseError(thrown: unknown): Error {
  if (thrown instanceof TenonError || !(thrown instanceof Error))
    return thrown instanceof Error ? thrown : new Error(String(thrown))
  const code = codeOf(thrown)
  if (TIMEOUT.has(code)) return new TenonError('timeout', { cause: thrown })
  if (UNAVAILABLE.test(code) || LOST.test(thrown.message)) return new TenonError('unavailable', { cause: thrown })
  return thrown
}

/** SQLSTATE, or the code of a network error; empty when there is none. */
export function codeOf(thrown: unknown): string {
  return typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : ''
}

export function isUniqueViolation(thrown: unknown): boolean {
  return codeOf(thrown) === '23505'
}
