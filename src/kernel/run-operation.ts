import { TIMEOUTS } from '../contract/timeouts.ts'
import { ERRORS, type ErrorCode, type ErrorEnvelope } from '../contract/errors.ts'
import type { Envelope, Operation } from '../contract/operation.ts'
import { makeCtx, type TenantOf } from './call-ctx.ts'
import type { Call, CallRequest, Step } from './call.ts'
import { nameOfActor, type Clock, type Log, type NewSession, type OrgRef, type Principal } from './ctx.ts'
import { identify, type Authenticate, type VerifySignature } from './identify.ts'
import type { Limiter, RateState } from './limiter.ts'
import { repositoryIn } from './log-fields.ts'
import { ownSteps, type OwnStep } from './steps.ts'
import { errorEnvelope, throwIfAborted, toTenonError, type TenonError } from './tenon-error.ts'
import { traced, type TraceSpan } from './trace.ts'
import type { BoundVerb, Drawing, StreamEvent } from './verb.ts'

/**
 * How every call runs, on every surface. The steps are an onion: each is called with what comes after it, so that
 * the transaction commits after the output was checked, the audit entry and the idempotency record were written.
 */
export const ORDER = [
  'identify',
  'org',
  'scope',
  'parse',
  'replay',
  'quota',
  'prepare',
  'transaction',
  'claim',
  'verb',
  'output',
  'record',
  'audit',
] as const
export type StepName = (typeof ORDER)[number]

export type Outcome = { readonly rate: RateState | null } & (
  | {
      readonly ok: true
      readonly status: number
      readonly envelope: Envelope
      readonly replayed: boolean
      readonly events?: AsyncIterable<StreamEvent>
      readonly drawing?: Drawing
      readonly session?: NewSession | null
    }
  | { readonly ok: false; readonly status: number; readonly code: ErrorCode; readonly envelope: ErrorEnvelope }
)

/** Told of every refusal, with how far the call had come. */
export type Refused = (call: Call, error: TenonError) => Promise<void>

export interface CallerOptions {
  readonly verbs: readonly BoundVerb[]
  readonly authenticate: Authenticate
  readonly verifySignature?: VerifySignature | undefined
  readonly limiter: Limiter
  /** The organisation that the operator names, by slug or id. */
  readonly findOrg: (named: string) => Promise<OrgRef | null>
  readonly tenant: TenantOf
  readonly log: Log
  readonly clock: Clock
  /** Longest time of a call, in milliseconds; that of the table of timeouts by default. */
  readonly callTimeoutMs?: number
  /** Aborts when the node is about to end; it never does when left out. */
  readonly ending?: AbortSignal | undefined
  readonly steps?: Readonly<Partial<Record<Exclude<StepName, OwnStep>, Step>>>
  readonly refused?: Refused
}

export interface Caller {
  call(operation: Operation, request: CallRequest): Promise<Outcome>
  /** Finds out who asks, as the first step of a call does, for what a surface answers by itself. */
  admit(operation: Operation, request: AdmitRequest, options: { readonly counted: boolean }): Promise<Admission>
}

export type AdmitRequest = Omit<CallRequest, 'input'>
export type Admission = { readonly ok: true; readonly principal: Principal } | (Outcome & { readonly ok: false })

export function createCaller(options: CallerOptions): Caller {
  const verbs = new Map(options.verbs.map((verb) => [verb.operation.name, verb]))
  if (verbs.size !== options.verbs.length) throw new Error('an operation has two verbs')
  const steps: Partial<Record<StepName, Step>> = {
    ...options.steps,
    ...ownSteps(verbs, options),
    identify: (call, next) => identify(call, next, options),
  }
  const ordered = ORDER.flatMap((name) => steps[name] ?? [])

  const answer = async (call: Call): Promise<Outcome> => {
    const begun = performance.now()
    const { operation, ctx } = call
    try {
      await runSteps(ordered, call)
      if (call.envelope === null) throw new Error('the call has ended without an answer')
      ctx.log.info({ ...whoOf(call), status: operation.status, elapsedMs: elapsed(begun) }, 'done')
      const { envelope, rate, replayed, events, drawing, session } = call
      return {
        ok: true,
        status: operation.status,
        envelope,
        rate,
        replayed,
        ...(events === null ? {} : { events }),
        ...(drawing === null ? {} : { drawing }),
        ...(session === undefined ? {} : { session }),
      }
    } catch (thrown) {
      return refuse(thrown, call, { begun, refused: options.refused })
    }
  }

  return {
    call: (operation, request) =>
      traced(operation.name, {}, async (span) => {
        const call = newCall(operation, request, options)
        const outcome = await answer(call)
        describe(span, call, outcome)
        return outcome
      }),
    async admit(operation, request, { counted }) {
      const begun = performance.now()
      const call = newCall(operation, { ...request, input: NO_INPUT }, options)
      try {
        await identify(call, async () => {}, { ...options, counted })
        return { ok: true, principal: call.principal }
      } catch (thrown) {
        return refuse(thrown, call, { begun, refused: options.refused })
      }
    },
  }
}

/** Who has called what, and what came of it; never what was given or answered. */
function describe(span: TraceSpan, { operation, ctx, principal }: Call, outcome: Outcome): void {
  span.set({
    'tenon.operation': operation.name,
    'tenon.request_id': ctx.requestId,
    ...(principal.org === null ? {} : { 'tenon.org_id': principal.org.id }),
    'tenon.actor_id': nameOfActor(principal.actor),
    'tenon.status': outcome.status,
    ...(outcome.ok ? {} : { 'tenon.code': outcome.code }),
  })
  if (!outcome.ok && outcome.status >= 500) span.fail(outcome.code)
}

const NO_INPUT = { params: {}, query: {}, body: {} }

async function refuse(
  thrown: unknown,
  call: Call,
  { begun, refused }: { readonly begun: number; readonly refused: CallerOptions['refused'] },
): Promise<Outcome & { readonly ok: false }> {
  const error = toTenonError(thrown)
  await refused?.(call, error).catch((cause: unknown) =>
    call.ctx.log.error({ err: cause }, 'a refusal could not be audited'),
  )
  return refusal(error, call, begun)
}

const NEVER = new AbortController().signal
const NOBODY: Principal = { actor: { kind: 'anonymous' }, org: null, scopes: [] }

function newCall(
  operation: Operation,
  request: CallRequest,
  { log, clock, tenant, callTimeoutMs = TIMEOUTS.call, ending = NEVER }: CallerOptions,
): Call {
  const { requestId, address, userAgent, idempotencyKey, lastEventId } = request
  // A stream lasts as long as its verb and its caller want.
  const limit = operation.kind === 'events' ? [] : [AbortSignal.timeout(operation.timeoutMs ?? callTimeoutMs)]
  const signal = AbortSignal.any([request.signal, ...limit])
  const call: Call = {
    operation,
    request,
    principal: NOBODY,
    rate: null,
    raw: request.input,
    bodyRead: false,
    input: {},
    prepared: undefined,
    sql: null,
    result: null,
    envelope: null,
    events: null,
    drawing: null,
    replayed: false,
    session: undefined,
    notes: {},
    ctx: makeCtx({
      operation,
      requestId,
      signal,
      ending,
      address,
      userAgent,
      idempotencyKey,
      lastEventId,
      log: log.child({ requestId, operation: operation.name }),
      clock,
      tenant,
      principal: () => call.principal,
      openSql: () => call.sql,
      progress: (progress) => request.progress?.(progress),
      note: (details) => {
        call.notes = { ...call.notes, ...details }
      },
      setSession: (session) => {
        call.session = session
      },
      replayed: () => {
        call.replayed = true
      },
    }),
  }
  return call
}

async function runSteps(steps: readonly Step[], call: Call): Promise<void> {
  const from = async (index: number): Promise<void> => {
    const step = steps[index]
    if (step === undefined) return
    throwIfAborted(call.ctx.signal)
    let entered = false
    await step(call, async () => {
      if (entered) throw new Error('a step went on twice')
      entered = true
      await from(index + 1)
    })
  }
  await from(0)
}

function refusal(error: TenonError, call: Call, begun: number): Outcome & { readonly ok: false } {
  const { log, requestId } = call.ctx
  const status = ERRORS[error.code].httpStatus ?? ERRORS.internal.httpStatus
  const fields = { ...whoOf(call), status, code: error.code, elapsedMs: elapsed(begun) }
  if (status >= 500) log.error({ ...fields, err: error.cause ?? error }, 'failed')
  else log.info(fields, 'refused')
  return { ok: false, status, code: error.code, envelope: errorEnvelope(error, requestId), rate: call.rate }
}

/** Who called, and about which repository: as parsed, or as given by a call that did not come so far. */
function whoOf({ principal: { actor, org }, input, raw }: Call): object {
  return {
    ...(org === null ? {} : { org: org.id }),
    actor: nameOfActor(actor),
    ...(actor.kind === 'token' || actor.kind === 'user' ? { userId: actor.id } : {}),
    ...repositoryIn(input, raw.params, raw.query, raw.body),
  }
}

function elapsed(begun: number): number {
  return Math.round((performance.now() - begun) * 10) / 10
}
