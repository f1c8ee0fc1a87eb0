import { describe, expect, it } from 'vitest'
import { ERRORS, type ErrorCode, type ErrorDetails } from '../../contract/errors.ts'
import type { RateState } from '../../kernel/limiter.ts'
import type { Outcome } from '../../kernel/run-operation.ts'
import { callHeaders } from './call-headers.ts'

const rate: RateState = {
  limit: 1000,
  remaining: 7,
  resetSeconds: 1234.2,
  policy: [
    { name: 'hour', limit: 1000, windowSeconds: 3600 },
    { name: 'day', limit: 5000, windowSeconds: 86_400 },
  ],
}
const RATE = {
  'ratelimit-limit': '1000',
  'ratelimit-remaining': '7',
  'ratelimit-reset': '1235',
  'ratelimit-policy': '1000;w=3600, 5000;w=86400',
}
const done: Outcome = { ok: true, status: 200, envelope: { data: 1 }, rate, replayed: false }
const URL = 'https://tenon.example'
const METADATA = `Bearer resource_metadata="${URL}/.well-known/oauth-protected-resource"`
const refused = (code: ErrorCode, details?: ErrorDetails): Outcome => ({
  ok: false,
  status: ERRORS[code].httpStatus ?? 0,
  code,
  envelope: { error: { code, message: '', requestId: 'r', ...(details ? { details } : {}) } },
  rate,
})

describe('the headers of an answer', () => {
  it('say where the caller stands with its limits, whether it is refused or not', () => {
    expect(callHeaders(done, URL)).toEqual(RATE)
    expect(callHeaders(refused('not_found'), URL)).toEqual(RATE)
    expect(callHeaders({ ...done, rate: null }, URL)).toEqual({})
  })

  it('say that an answer was given before', () => {
    expect(callHeaders({ ...done, replayed: true }, URL)).toEqual({ ...RATE, 'idempotency-replayed': 'true' })
  })

  it.each([
    ['rate_limited', { retryAfterSeconds: 12.1 }, { 'retry-after': '13' }],
    ['quota_exceeded', { retryAfterSeconds: 60 }, { 'retry-after': '60' }],
    ['quota_exceeded', { quota: 'repositories' }, {}],
    ['unavailable', undefined, { 'retry-after': '5' }],
    ['limits_unavailable', undefined, { 'retry-after': '5' }],
    ['audit_unavailable', undefined, { 'retry-after': '5' }],
    ['idempotency_in_progress', undefined, { 'retry-after': '1' }],
    ['organization_exists', undefined, {}],
    ['unauthenticated', undefined, { 'www-authenticate': METADATA }],
    ['invalid_api_key', undefined, { 'www-authenticate': `${METADATA}, error="invalid_token"` }],
    [
      'forbidden',
      { scope: 'runs:read' },
      { 'www-authenticate': `${METADATA}, error="insufficient_scope", scope="runs:read"` },
    ],
    ['forbidden', { needs: 'api_key' }, {}],
    ['internal', undefined, {}],
  ] as const)('after %s %j have %j as well', (code, details, expected) => {
    expect(callHeaders(refused(code, details), URL)).toEqual({ ...RATE, ...expected })
  })
})
