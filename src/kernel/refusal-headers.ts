import { ERRORS, type ErrorEnvelope } from '../contract/errors.ts'
import { challengeOf, type ResourcePath } from './challenge.ts'

type HeaderRecord = Readonly<Record<string, string>>

const NONE: HeaderRecord = {}
/** What is down is looked for again soon, but not by everybody at once. */
const UNAVAILABLE_SECONDS = 5
/** A call that is under way has mostly ended by then. */
const IN_PROGRESS_SECONDS = 1

/** What the refusal of a call says outside its body: when to come again, and with what. */
export function refusalHeaders(envelope: ErrorEnvelope, publicUrl: string, path: ResourcePath = ''): HeaderRecord {
  return { ...retryHeaders(envelope), ...challenge(envelope, publicUrl, path) }
}

/** When to come again. */
export function retryHeaders({ error: { code, details } }: ErrorEnvelope): HeaderRecord {
  if (code === 'idempotency_in_progress') return retryAfter(IN_PROGRESS_SECONDS)
  switch (ERRORS[code].httpStatus) {
    case 429: {
      const seconds = details?.['retryAfterSeconds']
      return typeof seconds === 'number' ? retryAfter(seconds) : NONE
    }
    case 503:
      return retryAfter(UNAVAILABLE_SECONDS)
    default:
      return NONE
  }
}

/** How to say who one is, or where to get what one lacks. */
function challenge({ error: { code, details } }: ErrorEnvelope, publicUrl: string, path: ResourcePath): HeaderRecord {
  const scope = details?.['scope']
  if (ERRORS[code].httpStatus === 401) {
    const error = code === 'unauthenticated' ? undefined : 'invalid_token'
    return { 'www-authenticate': challengeOf(publicUrl, error, undefined, path) }
  }
  if (code !== 'forbidden' || typeof scope !== 'string') return NONE
  return { 'www-authenticate': challengeOf(publicUrl, 'insufficient_scope', scope, path) }
}

function retryAfter(seconds: number): HeaderRecord {
  return { 'retry-after': wholeSeconds(seconds) }
}

/** Never so early that the answer would be the same. */
export function wholeSeconds(seconds: number): string {
  return String(Math.max(0, Math.ceil(seconds)))
}
