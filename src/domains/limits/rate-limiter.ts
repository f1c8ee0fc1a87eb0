import { createHash } from 'node:crypto'
import { CALLER_LIMITS, type CallerLimit } from '../../contract/plans.ts'
import type { Limiter, RateState } from '../../kernel/limiter.ts'
import type { Database } from '../../platform/db/index.ts'
import { createPermitQueue } from './permit-queue.ts'
import { rateLimited } from './rate-limited.ts'
import { takeCallerPermit } from './rate.sql.ts'

/** Counts every call on PostgreSQL, exactly over all nodes. */
export function createRateLimiter(db: Database): Limiter {
  const permits = createPermitQueue(db.urgent)
  const callers = createCallerWindows(db)
  return {
    take: async (caller) => {
      if (caller.kind === 'org') return permits.take(caller.org, caller.key)
      if (caller.kind === 'signInAccount') return callers.take('signInAccount', digestOf(caller.account))
      if (caller.kind === 'rescue') return callers.take('rescue', `${caller.key} ${caller.address}`)
      if (caller.kind === 'user') return callers.take('user', caller.user)
      return callers.take(caller.kind, caller.address)
    },
  }
}

function createCallerWindows(db: Database): { take(kind: CallerLimit, who: string): Promise<RateState> } {
  /** Until when a caller is refused, on the monotonic clock: a flood costs the database nothing. */
  const refused = new Map<string, number>()
  return {
    take: async (kind, who) => {
      const { calls, windowSeconds } = CALLER_LIMITS[kind]
      const subject = `${kind} ${who}`
      const waitMs = (refused.get(subject) ?? 0) - performance.now()
      if (waitMs > 0) throw rateLimited(kind, calls, waitMs / 1000)
      refused.delete(subject)
      const [row] = await db.cross('auth', (sql) => sql.run(takeCallerPermit, { subject, calls, windowSeconds }))
      if (row === undefined) throw new Error('the limiter has answered nothing')
      if (!row.granted) {
        if (refused.size >= MAX_REFUSED) refused.clear()
        refused.set(subject, performance.now() + row.seconds * 1000)
        throw rateLimited(kind, calls, row.seconds)
      }
      return {
        limit: calls,
        remaining: Math.max(0, calls - row.used),
        resetSeconds: Math.max(1, Math.ceil(row.seconds)),
        policy: [{ name: kind, limit: calls, windowSeconds }],
      }
    },
  }
}

const MAX_REFUSED = 10_000

/** An account may be an e-mail address, which is not kept in a counter. */
function digestOf(account: string): string {
  return createHash('sha256').update(account).digest('base64url')
}
