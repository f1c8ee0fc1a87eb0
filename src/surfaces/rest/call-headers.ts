import type { RateState } from '../../kernel/limiter.ts'
import { refusalHeaders, wholeSeconds } from '../../kernel/refusal-headers.ts'
import type { Outcome } from '../../kernel/run-operation.ts'

type HeaderRecord = Readonly<Record<string, string>>

const NONE: HeaderRecord = {}
const REPLAYED: HeaderRecord = { 'idempotency-replayed': 'true' }

/** What the answer to a call says outside its body. */
export function callHeaders(outcome: Outcome, publicUrl: string): HeaderRecord {
  const done = outcome.ok && outcome.replayed ? REPLAYED : NONE
  const own = outcome.ok ? done : refusalHeaders(outcome.envelope, publicUrl)
  return outcome.rate === null ? own : { ...rateHeaders(outcome.rate), ...own }
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
