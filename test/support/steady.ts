import type { Operation } from '../../src/contract/operation.ts'

const VARYING = [
  'requestId',
  'tookMs',
  'secret',
  'url',
  'hint',
  'createdAt',
  'joinedAt',
  'sentAt',
  'expiresAt',
  'updatedAt',
  // Of two calls that make it so, the first.
  'changed',
  'closedAt',
  'deletedAfter',
  'revokedAt',
  'rotatedAt',
  'latestRun',
  'lastUsedAt',
  'used',
  'nextAt',
  'nextTryAt',
  'hash',
  'previousHash',
  'token',
  'challenge',
  'address',
  'seq',
  'at',
  'available',
]
/** Of a run that an operation has just started or changed, and that goes on meanwhile. */
const MOVING = ['status', 'progress', 'startedAt', 'endedAt', 'waiting', 'summary', 'indexedAt', 'pausedAt']

/** An answer without what differs from call to call. */
export function steady(value: unknown, { status, name }: Operation): unknown {
  const moves = status === 202 || name.startsWith('runs.')
  const dropped = moves ? [...VARYING, ...MOVING] : VARYING
  const kept = JSON.stringify(value, (key, item: unknown) => (dropped.includes(key) ? undefined : item))
  return JSON.parse(
    kept.replaceAll(
      /(?:run|key|org|repo|schedule|proj|user|invite|session)_[0-9a-z]{26}|(?:schedule|project|made|app|held)-\d+|cs_test_\w+/g,
      'id',
    ),
  )
}
