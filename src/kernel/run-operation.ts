import { ERRORS, type ErrorCode, type ErrorEnvelope } from '../contract/errors.ts'
import type { Envelope, Operation } from '../contract/operation.ts'
import { makeCtx, type TenantOf } from './call-ctx.ts'
import type { Clock, Ctx, Log, Principal } from './ctx.ts'
import { parseInput, type RawInput } from './parse-input.ts'
import type { Sql } from './statement.ts'
import { errorEnvelope, TenonError, toTenonError } from './tenon-error.ts'
import type { BoundVerb, Page } from './verb.ts'

/**
 * How every call runs, on every surface. The steps are an onion: each is called with what comes after it, so that
 * the transaction commits after the output was checked and the record was written.
 */
export const ORDER = [
  'rateLimit',
  'scope',
  'parse',
  'replay',
  'quota',
  'transaction',
  'verb',
  'output',
  'audit',
] as const
export type StepName = (typeof ORDER)[number]
type OwnStep = 'scope' | 'parse' | 'transaction' | 'verb' | 'output'

export interface Credentials {
  readonly apiKey?: string | undefined
  readonly rootKey?: string | undefined
}

export interface CallRequest {
  readonly credentials: Credentials
  readonly input: RawInput
  readonly requestId: string
  readonly signal: AbortSignal
}

export type Outcome =
  | { readonly ok: true; readonly status: number; readonly envelope: Envelope }
  | { readonly ok: false; readonly status: number; readonly code: ErrorCode; readonly envelope: ErrorEnvelope }

/** One call under way; each step reads what those before it have set. */
export interface Call {
  readonly operation: Operation
  readonly request: CallRequest
  readonly principal: Principal
  readonly ctx: Ctx
  raw: RawInput
  input: Readonly<Record<string, unknown>>
  sql: Sql | null
  result: unknown
  envelope: Envelope | null
}
export type Step = (call: Call, next: () => Promise<void>) => Promise<void>

/** Who holds a credential; null when nobody does. */
export type Authenticate = (kind: 'key' | 'root', credential: string) => Promise<Principal | null>

export interface CallerOptions {
  readonly verbs: readonly BoundVerb[]
  readonly authenticate: Authenticate
  readonly tenant: TenantOf
  readonly log: Log
  readonly clock: Clock
  readonly steps?: Readonly<Partial<Record<Exclude<StepName, OwnStep>, Step>>>
}

export interface Caller {
  call(operation: Operation, request: CallRequest): Promise<Outcome>
}

export function createCaller(options: CallerOptions): Caller {
  const verbs = new Map(options.verbs.map((verb) => [verb.operation.name, verb]))
  if (verbs.size !== options.verbs.length) throw new Error('an operation has two verbs')
  const steps: Partial<Record<StepName, Step>> = { ...options.steps, ...ownSteps(verbs, options.tenant) }
  const ordered = ORDER.flatMap((name) => steps[name] ?? [])

  return {
    async call(operation, request) {
      const { requestId, signal } = request
      const log = options.log.child({ requestId, operation: operation.name })
      const begun = performance.now()
      try {
        throwIfAborted(signal)
        const principal = await identify(operation, request.credentials, options.authenticate)
        const raw = inOwnOrg(operation, request.input, principal)
        const { tenant, clock } = options
        const ctx = makeCtx({
          operation,
          principal,
          requestId,
          signal,
          log,
          clock,
          tenant,
          openSql: () => call.sql,
        })
        const call: Call = {
          operation,
          request,
          principal,
          ctx,
          raw,
          input: {},
          sql: null,
          result: null,
          envelope: null,
        }
        await runSteps(ordered, call)
        if (call.envelope === null) throw new Error('the call has ended without an answer')
        log.info({ status: operation.status, elapsedMs: elapsed(begun) }, 'done')
        return { ok: true, status: operation.status, envelope: call.envelope }
      } catch (thrown) {
        return refuse(thrown, { requestId, log, begun })
      }
    },
  }
}

function ownSteps(verbs: ReadonlyMap<string, BoundVerb>, tenant: TenantOf): Record<OwnStep, Step> {
  return {
    async scope({ operation, principal }, next) {
      if (operation.scope !== null && !principal.scopes.includes(operation.scope))
        throw new TenonError('forbidden', { details: { scope: operation.scope } })
      await next()
    },
    async parse(call, next) {
      call.input = { ...parseInput(call.operation, call.raw) }
      await next()
    },
    async transaction(call, next) {
      const { operation, principal } = call
      if (operation.tx === 'none' || principal.org === null) return next()
      const scope = tenant(principal.org.id)
      if (operation.tx === 'read') {
        call.sql = scope.read
        return next()
      }
      await scope.write(async (sql) => {
        call.sql = sql
        await next()
        // An answer that nobody waits for any more is not kept.
        throwIfAborted(call.request.signal)
      })
    },
    async verb(call, next) {
      const verb = verbs.get(call.operation.name)
      if (verb === undefined) throw new Error(`${call.operation.name} has no verb`)
      call.result = await verb.run(call.ctx, call.input)
      await next()
    },
    async output(call, next) {
      call.envelope = makeEnvelope(call)
      await next()
    },
  }
}

async function runSteps(steps: readonly Step[], call: Call): Promise<void> {
  const from = async (index: number): Promise<void> => {
    const step = steps[index]
    if (step === undefined) return
    throwIfAborted(call.request.signal)
    let entered = false
    await step(call, async () => {
      if (entered) throw new Error('a step went on twice')
      entered = true
      await from(index + 1)
    })
  }
  await from(0)
}

async function identify(operation: Operation, credentials: Credentials, who: Authenticate): Promise<Principal> {
  if (operation.auth === 'public') return { actor: { kind: 'anonymous' }, org: null, scopes: [] }
  const credential = operation.auth === 'root' ? credentials.rootKey : credentials.apiKey
  if (credential === undefined || credential === '') throw new TenonError('unauthenticated')
  const principal = await who(operation.auth, credential)
  if (principal === null) throw new TenonError('invalid_api_key')
  return principal
}

/** Unknown, malformed and foreign organisations are told apart by nothing; a missing one is the caller's own. */
function inOwnOrg(operation: Operation, raw: RawInput, { org }: Principal): RawInput {
  if (!('org' in operation.params.shape)) return raw
  const { org: named, ...others } = raw.params
  if (org === null || (named !== undefined && named !== org.id && named !== org.slug)) throw new TenonError('not_found')
  return { ...raw, params: { ...others, org: org.id } }
}

function makeEnvelope({ operation, result, input }: Call): Envelope {
  const page = operation.paginated ? asPage(operation, result) : null
  const checked = operation.output.safeParse(page ? page.data : result)
  if (!checked.success) {
    const places = checked.error.issues.map(({ path, code }) => `${path.join('.')}: ${code}`).slice(0, 5)
    throw new Error(`the answer of ${operation.name} is not as its contract says: ${places.join(', ')}`)
  }
  if (page === null) return { data: checked.data }
  return {
    data: checked.data,
    meta: { pagination: { nextCursor: page.nextCursor, limit: Number(input['limit']) } },
  }
}

function asPage(operation: Operation, result: unknown): Page<unknown> {
  if (typeof result === 'object' && result !== null && 'data' in result && 'nextCursor' in result)
    return result as Page<unknown>
  throw new Error(`the answer of ${operation.name} is not a page`)
}

function refuse(
  thrown: unknown,
  { requestId, log, begun }: { readonly requestId: string; readonly log: Log; readonly begun: number },
): Outcome {
  const error = toTenonError(thrown)
  const status = ERRORS[error.code].httpStatus ?? ERRORS.internal.httpStatus
  const fields = { status, code: error.code, elapsedMs: elapsed(begun) }
  if (status >= 500) log.error({ ...fields, err: error.cause ?? error }, 'failed')
  else log.info(fields, 'refused')
  return { ok: false, status, code: error.code, envelope: errorEnvelope(error, requestId) }
}

function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return
  const timedOut = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
  throw new TenonError(timedOut ? 'timeout' : 'cancelled', { cause: signal.reason })
}

function elapsed(begun: number): number {
  return Math.round((performance.now() - begun) * 10) / 10
}
