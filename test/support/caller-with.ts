import { auditRefusals, auditStep } from '../../src/domains/audit/index.ts'
import { idempotencySteps } from '../../src/domains/idempotency/index.ts'
import { createIdentity, findOrg } from '../../src/domains/identity/index.ts'
import { createRateLimiter, quotaStep } from '../../src/domains/limits/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { createCaller, type Caller } from '../../src/kernel/run-operation.ts'
import type { BoundVerb } from '../../src/kernel/verb.ts'
import { silentLog } from './database.ts'
import { ROOT_KEY, type TestNode } from './node.ts'

/** Calls verbs that the contract does not name as if it did, on the database of a node and with all that checks a call. */
export function callerWith({ database: { db } }: TestNode, verbs: readonly BoundVerb[]): Caller {
  const parts = { db, clock: systemClock, log: silentLog }
  return createCaller({
    ...parts,
    verbs,
    authenticate: createIdentity({ ...parts, rootKey: ROOT_KEY }).authenticate,
    limiter: createRateLimiter(db),
    findOrg: (named) => findOrg(db, named),
    tenant: db.tenant,
    steps: { ...idempotencySteps(db.tenant), quota: quotaStep(db.tenant), audit: auditStep },
    refused: auditRefusals(db.tenant),
  })
}
