import { ApiError } from '../../contract/client.ts'

/** Somebody who has to wait longer wants to know instead. */
const LONGEST_WAIT_S = 60

/** The seconds after which a call that met a rate limit goes on by itself; undefined when it should not. */
export function waitOf(thrown: unknown): number | undefined {
  const seconds = thrown instanceof ApiError && thrown.code === 'rate_limited' ? thrown.retryAfterSeconds : undefined
  return seconds === undefined || seconds > LONGEST_WAIT_S ? undefined : seconds
}
