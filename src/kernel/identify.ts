import { ROLES, type Role } from '../contract/roles.ts'
import { TenonError } from './tenon-error.ts'
import type { OrgRef, Principal } from './ctx.ts'
import type { Limiter, LimitedCaller, RateState } from './limiter.ts'
import { bodyOf, type Call, type Step } from './call.ts'
import { isStorable } from './parse-input.ts'

/** Whom a credential belongs to, and whether it still stands. */
export interface Holder {
  readonly principal: Principal
  readonly state: 'valid' | 'revoked' | 'expired'
  /** Of a person: as what they enter the organisation that is named, or the only one that they belong to; null when they do not. */
  readonly enter?: (named: string | undefined) => Promise<Entered | null>
}
export interface Entered {
  readonly org: OrgRef
  readonly role: Role
}

/** Who holds a credential; null when nobody does. */
export type Authenticate = (kind: 'key' | 'root', credential: string) => Promise<Holder | null>
/** Whether a body was signed, for the operation that it was sent to. */
export type VerifySignature = (operation: string, body: Buffer, signature: string) => Promise<boolean>

export interface IdentifyOptions {
  readonly authenticate: Authenticate
  /** Nobody's signature is accepted when left out. */
  readonly verifySignature?: VerifySignature | undefined
  readonly limiter: Limiter
  /** False for what is no call of the organisation's: whoever is refused is counted all the same. */
  readonly counted?: boolean
}

/** Finds out who calls and counts the call: no step after this one runs uncounted. */
export async function identify(call: Call, next: Parameters<Step>[1], options: IdentifyOptions): Promise<void> {
  const { operation, request } = call
  const { limiter, counted = true } = options
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
    await count({ kind: operation.signIn === null ? 'anonymous' : 'signIn', address })
    // An address that has no calls left uses up none of an account, nor is what it sends read.
    if (operation.signIn !== null) await countTry(call, count, accountOf((await bodyOf(call))[operation.signIn]))
    return next()
  }
  if (operation.auth === 'signature') {
    await checkSignature(call, count, options.verifySignature)
    return next()
  }
  // Before the comparison, so that nobody can try one root key after the other.
  if (operation.auth === 'root') await count({ kind: 'root', address })
  const holder = await holderOf(call, count, options)
  const { actor } = call.principal
  if (operation.auth === 'session' && actor.kind !== 'user') {
    if (counted) await countCall(call, count)
    throw new TenonError('forbidden', { details: { needs: 'session' } })
  }
  const lost = actor.kind === 'user' && operation.auth === 'key' && !(await enter(call, holder))
  if (counted) await countCall(call, count)
  if (operation.proves && actor.kind === 'user') await countTry(call, count, actor.id)
  if (lost) throw new TenonError('not_found')
  await next()
}

/** Whether whoever has begun a call may still make it, as it is now. */
export async function mayStill(call: Call, authenticate: Authenticate): Promise<boolean> {
  const { scope } = call.operation
  const { org } = call.principal
  const { apiKey, session } = call.request.credentials
  const holder = await authenticate('key', apiKey ?? session ?? '')
  if (holder?.state !== 'valid' || org === null) return false
  const entered = await holder.enter?.(org.id)
  const now = entered ? { org: entered.org, scopes: ROLES[entered.role] } : holder.principal
  return now.org?.id === org.id && (scope === null || now.scopes.some((each) => each === scope))
}

type Count = (caller: LimitedCaller) => Promise<void>

/** @throws TenonError `unauthenticated`, `invalid_api_key` */
async function holderOf(call: Call, count: Count, { authenticate }: IdentifyOptions): Promise<Holder> {
  const { operation, request } = call
  const { rootKey, apiKey, session } = request.credentials
  const root = operation.auth === 'root'
  const given = root ? rootKey : (apiKey ?? session)
  const credential = given === '' ? undefined : given
  const holder = credential === undefined ? null : await authenticate(root ? 'root' : 'key', credential)
  if (holder !== null) call.principal = holder.principal
  if (holder?.state === 'valid') return holder
  if (!root) await count({ kind: 'anonymous', address: request.address })
  // What a browser keeps is no key that somebody could check.
  throw new TenonError(credential === undefined || credential === session ? 'unauthenticated' : 'invalid_api_key')
}

/** A person enters the organisation that the call names, with what their role there may do. Answers false when they may not. */
async function enter(call: Call, { enter: byRole }: Holder): Promise<boolean> {
  const { operation, principal, raw, request } = call
  const { actor } = principal
  const needed = 'org' in operation.params.shape
  const given = raw.params['org']
  const named = typeof given === 'string' ? given : request.org
  const entered = named !== undefined && !isStorable(named) ? null : await byRole?.(named)
  if (actor.kind !== 'user' || !entered) return !needed
  call.principal = { actor: { ...actor, role: entered.role }, org: entered.org, scopes: ROLES[entered.role] }
  return true
}

async function countCall({ operation, principal, request: { address } }: Call, count: Count): Promise<void> {
  const { org, actor } = principal
  if (actor.kind !== 'key' && actor.kind !== 'token' && actor.kind !== 'user') return
  if (operation.rescue) return count({ kind: 'rescue', address, key: actor.id })
  if (org !== null) return count({ kind: 'org', org, key: actor.kind === 'key' ? actor : null })
  if (actor.kind === 'user') await count({ kind: 'user', user: actor.id })
}

/** A try for an account, whoever makes it. How many others have made is told to nobody who is not refused. */
async function countTry(call: Call, count: Count, account: string): Promise<void> {
  const { rate } = call
  await count({ kind: 'signInAccount', account })
  call.rate = rate
}

/** Over the body as it came, before anything in it is read. Whoever sends others is counted, by address. */
async function checkSignature(call: Call, count: Count, verify: VerifySignature | undefined): Promise<void> {
  const { operation, request } = call
  const body = (await request.readBytes?.()) ?? Buffer.alloc(0)
  if ((await verify?.(operation.name, body, request.credentials.signature ?? '')) === true) {
    call.principal = { actor: { kind: 'system', id: operation.name }, org: null, scopes: [] }
    return
  }
  await count({ kind: 'anonymous', address: request.address })
  throw new TenonError('signature_invalid')
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
