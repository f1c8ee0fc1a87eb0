import { ERRORS, type ErrorEnvelope, type JsonValue } from '../contract/errors.ts'
import type { OrgId } from '../contract/ids.ts'
import { PARTS, type Envelope, type Operation, type Part } from '../contract/operation.ts'
import type { Clock, Ctx, Log, Principal } from './ctx.ts'
import type { Sql } from './statement.ts'
import { errorEnvelope, TenonError, toTenonError } from './tenon-error.ts'
import type { BoundVerb, Page } from './verb.ts'

/** What a surface hands over: the raw parts, unparsed and untrusted. */
export interface CallRequest {
  readonly credentials: { readonly apiKey?: string | undefined; readonly rootKey?: string | undefined }
  readonly input: Readonly<Record<Part, Readonly<Record<string, unknown>>>>
  readonly requestId: string
  readonly signal: AbortSignal
}
export type Outcome =
  | { readonly ok: true; readonly status: number; readonly envelope: Envelope }
  | { readonly ok: false; readonly status: number; readonly envelope: ErrorEnvelope }
export interface Caller {
  call(operation: Operation, request: CallRequest): Promise<Outcome>
}

/** One call on its way through the steps. */
export interface Call {
  readonly operation: Operation
  readonly request: CallRequest
  readonly verb: BoundVerb
  ctx: Ctx
  input: Record<string, unknown>
  answer: unknown
  envelope: Envelope | undefined
}
export type Step = (call: Call, next: () => Promise<void>) => Promise<void>

/** The order of every call. A step that is not plugged in is passed over; no verb can skip one. */
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

/** Scoped access to the database, as the platform gives it. */
export interface TenantPort {
  read(org: OrgId): Sql
  write<T>(org: OrgId, work: (sql: Sql) => Promise<T>): Promise<T>
}

export interface CallerOptions {
  readonly verbs: readonly BoundVerb[]
  readonly authenticate: (operation: Operation, credentials: CallRequest['credentials']) => Promise<Principal>
  readonly tenant: TenantPort
  readonly log: Log
  readonly clock: Clock
  readonly steps?: Partial<Record<StepName, Step>>
}

export function createCaller(options: CallerOptions): Caller {
  const verbs = new Map(options.verbs.map((verb) => [verb.operation.name, verb]))
  const steps: Partial<Record<StepName, Step>> = {
    scope: checkScope,
    parse: parseInput,
    transaction: transactionStep(options.tenant),
    verb: async (call, next) => {
      call.answer = await call.verb.run(call.ctx, call.input)
      await next()
    },
    output: checkOutput,
    ...options.steps,
  }
  const chain = ORDER.flatMap((name) => steps[name] ?? [])
  const runFrom = (index: number, call: Call): Promise<void> => {
    const step = chain[index]
    return step === undefined ? Promise.resolve() : step(call, () => runFrom(index + 1, call))
  }
  return {
    call: async (operation, request) => {
      const log = options.log.child({ requestId: request.requestId, operation: operation.name })
      try {
        const verb = verbs.get(operation.name)
        if (verb === undefined) throw new Error(`no verb for ${operation.name}`)
        request.signal.throwIfAborted()
        const principal = await options.authenticate(operation, request.credentials)
        checkOrg(request.input.params['org'], principal)
        const ctx = createCtx(options, principal, request, log)
        const call: Call = { operation, request, verb, ctx, input: {}, answer: undefined, envelope: undefined }
        await runFrom(0, call)
        if (call.envelope === undefined) throw new Error('no step made an answer')
        return { ok: true, status: operation.status, envelope: call.envelope }
      } catch (thrown) {
        return refusal(thrown, request, log)
      }
    },
  }
}

function refusal(thrown: unknown, { requestId, signal }: CallRequest, log: Log): Outcome {
  const error = signal.aborted && !(thrown instanceof TenonError) ? toTenonError(signal.reason) : toTenonError(thrown)
  const status = ERRORS[error.code].httpStatus ?? 500
  if (status >= 500) log.error({ err: error }, 'call failed')
  else log.info({ code: error.code }, 'call refused')
  return { ok: false, status, envelope: errorEnvelope(error, requestId) }
}

/** Unknown, malformed and foreign organisations are the same to a caller. */
function checkOrg(named: unknown, { org }: Principal): void {
  if (named !== undefined && (org === null || (named !== org.id && named !== org.slug)))
    throw new TenonError('not_found')
}

const checkScope: Step = async ({ operation, ctx }, next) => {
  if (operation.scope !== null && !ctx.scopes.includes(operation.scope)) {
    throw new TenonError('forbidden', { details: { scope: operation.scope } })
  }
  await next()
}

const parseInput: Step = async (call, next) => {
  const { operation, request, ctx } = call
  const issues: { path: string; message: string }[] = []
  for (const part of PARTS) {
    const raw =
      part === 'params' && 'org' in operation.params.shape
        ? { org: ctx.org?.id, ...request.input.params }
        : request.input[part]
    if (hasNul(raw)) issues.push({ path: part, message: 'A text must not contain the character NUL' })
    const parsed = operation[part].safeParse(raw)
    if (parsed.success) Object.assign(call.input, parsed.data)
    else issues.push(...parsed.error.issues.map(({ path, message }) => ({ path: [part, ...path].join('.'), message })))
  }
  if (issues.length > 0)
    throw new TenonError('validation_failed', { details: { issues: issues.slice(0, 20) as JsonValue[] } })
  await next()
}

function hasNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0')
  if (typeof value !== 'object' || value === null) return false
  return Object.entries(value).some(([key, item]) => key.includes('\0') || hasNul(item))
}

const transactionStep =
  (tenant: TenantPort): Step =>
  async (call, next) => {
    const { operation, ctx } = call
    if (operation.tx === 'none' || ctx.org === null) return next()
    if (operation.tx === 'read') {
      call.ctx = { ...ctx, sql: tenant.read(ctx.org.id) }
      return next()
    }
    return tenant.write(ctx.org.id, async (sql) => {
      call.ctx = { ...ctx, sql }
      await next()
    })
  }

const checkOutput: Step = async (call, next) => {
  const { operation, answer, input } = call
  const paged = operation.paginated ? (answer as Page<unknown>) : { data: answer, nextCursor: null }
  const parsed = operation.output.safeParse(paged.data)
  if (!parsed.success) throw new Error(`the verb of ${operation.name} gave a wrong answer`, { cause: parsed.error })
  call.envelope = operation.paginated
    ? { data: parsed.data, meta: { pagination: { nextCursor: paged.nextCursor, limit: Number(input['limit']) } } }
    : { data: parsed.data }
  await next()
}

function createCtx({ tenant, clock }: CallerOptions, principal: Principal, request: CallRequest, log: Log): Ctx {
  const orgId = (): OrgId => {
    if (principal.org === null) throw new Error('this call has no organisation')
    return principal.org.id
  }
  return {
    ...principal,
    requestId: request.requestId,
    signal: request.signal,
    log: principal.org === null ? log : log.child({ org: principal.org.slug }),
    clock,
    sql: {
      run: () => {
        throw new Error('this operation has no transaction of its own: use inTenant')
      },
    },
    orgId,
    inTenant: (work, as) => tenant.write(as ?? orgId(), work),
  }
}
