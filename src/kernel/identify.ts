import { TenonError } from './tenon-error.ts'
import type { Principal } from './ctx.ts'
import type { Limiter, LimitedCaller, RateState } from './limiter.ts'
import { bodyOf, type Call, type Step } from './call.ts'

/** Whom a credential belongs to, and whether it still stands. */
export interface Holder {
  readonly principal: Principal
  readonly state: 'valid' | 'revoked' | 'expired'
}

/** Who holds a credential; null when nobody does. */
export type Authenticate = (kind: 'key' | 'root', credential: string) => Promise<Holder | null>

export interface IdentifyOptions {
  readonly authenticate: Authenticate
  readonly limiter: Limiter
  /** False for what is no call of the organisation's: whoever is refused is counted all the same. */
  readonly counted?: boolean
}

/** Finds out who calls and counts the call: no step after this one runs uncounted. */
export async function identify(
  call: Call,
  next: Parameters<Step>[1],
  { authenticate, limiter, counted = true }: IdentifyOptions,
): Promise<void> {
  const { operation, request } = call
  const { address } = request
  const count = async (caller: LimitedCaller): Promise<void> => {
    try {
      call.rate = await take(limiter, caller)
    } catch (thrown) {
      call.rate = rateOf(thrown)
      throw thrown
    }
  }
  if (operation.auth === 'public') {
    await count(
      operation.signIn === null
        ? { kind: 'anonymous', address }
        : { kind: 'signIn', address, account: accountOf((await bodyOf(call))[operation.signIn]) },
    )
    return next()
  }
  // Before the comparison, so that nobody can try one root key after the other.
  if (operation.auth === 'root') await count({ kind: 'root', address })
  const credential = operation.auth === 'root' ? request.credentials.rootKey : request.credentials.apiKey
  const holder = credential === undefined || credential === '' ? null : await authenticate(operation.auth, credential)
  if (holder !== null) call.principal = holder.principal
  if (holder?.state !== 'valid') {
    if (operation.auth !== 'root') await count({ kind: 'anonymous', address })
    throw new TenonError(credential === undefined || credential === '' ? 'unauthenticated' : 'invalid_api_key')
  }
  const { org, actor } = holder.principal
  if (counted && org !== null && (actor.kind === 'key' || actor.kind === 'token')) {
    const key = actor.kind === 'key' ? actor : null
    await count(operation.rescue ? { kind: 'rescue', address, key: actor.id } : { kind: 'org', org, key })
  }
  await next()
}

/** A limiter that can not say yes has said no. */
async function take(limiter: Limiter, caller: LimitedCaller): Promise<RateState | null> {
  try {
    return await limiter.take(caller)
  } catch (cause) {
    if (cause instanceof TenonError && cause.code === 'rate_limited') throw cause
    throw new TenonError('limits_unavailable', { cause })
  }
}

/** Where a caller stands that was refused. */
function rateOf(thrown: unknown): RateState | null {
  const { limit, retryAfterSeconds } = (thrown instanceof TenonError && thrown.details) || {}
  if (typeof limit !== 'number' || typeof retryAfterSeconds !== 'number') return null
  return { limit, remaining: 0, resetSeconds: retryAfterSeconds, policy: [] }
}

/** However it is written, it is one account. */
function accountOf(given: unknown): string {
  return typeof given === 'string' ? given.trim().toLowerCase().slice(0, 254) : ''
}
