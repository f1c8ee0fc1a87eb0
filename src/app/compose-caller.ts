import { auditRefusals, auditStep, auditVerbs } from '../domains/audit/index.ts'
import { idempotencySteps } from '../domains/idempotency/index.ts'
import { findOrg, type Identity } from '../domains/identity/index.ts'
import { createRateLimiter, limitsVerbs, quotaStep } from '../domains/limits/index.ts'
import type { ErrorCode } from '../contract/errors.ts'
import { OPERATIONS } from '../contract/index.ts'
import type { Clock, Log } from '../kernel/ctx.ts'
import type { VerifySignature } from '../kernel/identify.ts'
import { createCaller, type Caller, type Refused } from '../kernel/run-operation.ts'
import type { BoundVerb } from '../kernel/verb.ts'
import type { Database } from '../platform/db/index.ts'

export interface CallerParts {
  readonly db: Database
  readonly identity: Identity
  readonly clock: Clock
  readonly log: Log
  readonly verifySignature?: VerifySignature
  /** Told of every refusal, beside the audit trail. */
  readonly refused?: Refused
  /** Of the other domains and the pipelines. */
  readonly verbs: readonly BoundVerb[]
  /** Aborts when the node is about to end. */
  readonly ending?: AbortSignal
  /** Told of every call when it has ended; a stream has ended when it has begun. */
  readonly callEnded?: (call: EndedCall) => void
}

export interface EndedCall {
  readonly operation: string
  readonly outcome: 'ok' | ErrorCode
  readonly seconds: number
}

/** What every surface calls: the kernel, with all that stands between a request and a verb. */
export function composeCaller(parts: CallerParts): Caller {
  const { db, identity, clock, log, verbs: others, ending, callEnded, verifySignature, refused } = parts
  const verbs = [...identity.verbs, ...limitsVerbs, ...auditVerbs, ...others]
  checkVerbs(verbs)
  const caller = createCaller({
    verbs,
    authenticate: identity.authenticate,
    verifySignature,
    limiter: createRateLimiter(db),
    findOrg: (named) => findOrg(db, named),
    tenant: db.tenant,
    log,
    clock,
    ending,
    steps: { ...idempotencySteps(db.tenant), quota: quotaStep(db.tenant), audit: auditStep },
    refused: toldTo(auditRefusals(db.tenant), refused),
  })
  return callEnded === undefined ? caller : observed(caller, callEnded)
}

function toldTo(audit: Refused, others: Refused | undefined): Refused {
  return async (call, error) => {
    await others?.(call, error)
    await audit(call, error)
  }
}

function observed(caller: Caller, callEnded: (call: EndedCall) => void): Caller {
  return {
    ...caller,
    call: async (operation, request) => {
      const began = performance.now()
      const outcome = await caller.call(operation, request)
      const seconds = (performance.now() - began) / 1_000
      callEnded({ operation: operation.name, outcome: outcome.ok ? 'ok' : outcome.code, seconds })
      return outcome
    },
  }
}

/** Every operation has a verb, and every verb an operation that the contract names. */
function checkVerbs(verbs: readonly BoundVerb[]): void {
  const bound = new Set(verbs.map(({ operation }) => operation))
  for (const operation of OPERATIONS) if (!bound.delete(operation)) throw new Error(`${operation.name} has no verb`)
  for (const { name } of bound) throw new Error(`${name} is not in the contract`)
}
