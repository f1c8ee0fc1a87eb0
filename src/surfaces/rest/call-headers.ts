import type { ErrorEnvelope } from '../../contract/errors.ts'
import { ERRORS } from '../../contract/errors.ts'
import { challengeOf } from '../../kernel/challenge.ts'
import type { RateState } from '../../kernel/limiter.ts'
import type { Outcome } from '../../kernel/run-operation.ts'

type HeaderRecord = Readonly<Record<string, string>>

const NONE: HeaderRecord = {}
const REPLAYED: HeaderRecord = { 'idempotency-replayed': 'true' }
/** What is down is looked for again soon, but not by everybody at once. */
const UNAVAILABLE_SECONDS = 5
/** A call that is under way has mostly ended by then. */
const IN_PROGRESS_SECONDS = 1

/** What the answer to a call says outside its body. */
export function callHeaders(outcome: Outcome, publicUrl: string): HeaderRecord {
  const own = outcome.ok
    ? outcome.replayed
      ? REPLAYED
      : NONE
    : { ...errorHeaders(outcome.envelope), ...challenge(outcome.envelope, publicUrl) }
  return outcome.rate === null ? own : { ...rateHeaders(outcome.rate), ...own }
}

/** When to come again. */
export function errorHeaders({ error: { code, details } }: ErrorEnvelope): HeaderRecord {
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

/**
 * After draft-ietf-httpapi-ratelimit-headers-06, the last one with a field for each number, which is what clients
 * have learnt to read; later drafts put them into one structured field.
 */
function rateHeaders({ limit, remaining, resetSeconds, policy }: RateState): HeaderRecord {
  return {
    'ratelimit-limit': String(limit),
    'ratelimit-remaining': String(remaining),
    'ratelimit-reset': wholeSeconds(resetSeconds),
    ...(policy.length === 0
      ? NONE
      : { 'ratelimit-policy': policy.map((each) => `${each.limit};w=${each.windowSeconds}`).join(', ') }),
  }
}

/** How to say who one is, or where to get what one lacks. */
function challenge({ error: { code, details } }: ErrorEnvelope, publicUrl: string): HeaderRecord {
  const scope = details?.['scope']
  if (ERRORS[code].httpStatus === 401)
    return { 'www-authenticate': challengeOf(publicUrl, code === 'unauthenticated' ? undefined : 'invalid_token') }
  if (code !== 'forbidden' || typeof scope !== 'string') return NONE
  return { 'www-authenticate': challengeOf(publicUrl, 'insufficient_scope', scope) }
}

function retryAfter(seconds: number): HeaderRecord {
  return { 'retry-after': wholeSeconds(seconds) }
}

/** Never so early that the answer would be the same. */
function wholeSeconds(seconds: number): string {
  return String(Math.max(0, Math.ceil(seconds)))
}
