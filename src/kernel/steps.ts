import type { Envelope, Operation } from '../contract/operation.ts'
import type { TenantOf } from './call-ctx.ts'
import type { OrgRef } from './ctx.ts'
import { mayStill, type Authenticate } from './identify.ts'
import { isStorable, parseInput, type RawInput } from './parse-input.ts'
import { bodyOf, type Call, type Step } from './call.ts'
import { TenonError, throwIfAborted } from './tenon-error.ts'
import type { BoundVerb, Drawing, Page, StreamEvent } from './verb.ts'

export type OwnStep = 'identify' | 'org' | 'scope' | 'parse' | 'prepare' | 'transaction' | 'verb' | 'output'

interface StepOptions {
  readonly authenticate: Authenticate
  readonly tenant: TenantOf
  readonly findOrg: (named: string) => Promise<OrgRef | null>
}

/** The steps that need no table of their own. */
export function ownSteps(
  verbs: ReadonlyMap<string, BoundVerb>,
  { authenticate, tenant, findOrg }: StepOptions,
): Record<Exclude<OwnStep, 'identify'>, Step> {
  return {
    async org(call, next) {
      call.raw = await inOrg(call, findOrg)
      await next()
    },
    async scope({ operation, principal }, next) {
      if (operation.scope !== null && !principal.scopes.includes(operation.scope))
        throw new TenonError('forbidden', { details: { scope: operation.scope } })
      await next()
    },
    async parse(call, next) {
      await bodyOf(call)
      call.input = { ...parseInput(call.operation, call.raw, call.request.idempotencyKey) }
      await next()
    },
    async prepare(call, next) {
      const { prepare, after } = verbOf(verbs, call.operation)
      call.prepared = await prepare?.(call.ctx, call.input)
      await next()
      try {
        after?.(call.ctx)
      } catch (error) {
        // What was committed is done, whatever comes after it.
        call.ctx.log.error({ err: error }, 'what follows the transaction has failed')
      }
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
        throwIfAborted(call.ctx.signal)
      })
    },
    async verb(call, next) {
      call.result = await verbOf(verbs, call.operation).run(call.ctx, call.input, call.prepared)
      await next()
    },
    async output(call, next) {
      if (call.operation.kind === 'events') {
        call.events = checkedEvents(call, authenticate)
        call.envelope = { data: null }
      } else if (asksForDrawing(call)) {
        call.drawing = asDrawing(call)
        call.envelope = { data: null }
      } else call.envelope = makeEnvelope(call)
      await next()
    },
  }
}

function verbOf(verbs: ReadonlyMap<string, BoundVerb>, { name }: Operation): BoundVerb {
  const verb = verbs.get(name)
  if (verb === undefined) throw new Error(`${name} has no verb`)
  return verb
}

/** Unknown, malformed and foreign organisations are told apart by nothing; a missing one is the caller's own. */
async function inOrg(call: Call, findOrg: StepOptions['findOrg']): Promise<RawInput> {
  const { operation, raw, principal } = call
  if (!('org' in operation.params.shape)) return raw
  const { org: named, ...others } = raw.params
  if (operation.auth === 'root') {
    const found = typeof named === 'string' && isStorable(named) ? await findOrg(named) : null
    if (found === null) throw new TenonError('not_found')
    call.principal = { ...principal, org: found }
  }
  const { org } = call.principal
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

function asksForDrawing({ operation, input }: Call): boolean {
  return Object.hasOwn(operation.drawings, String(input['format']))
}

function asDrawing({ operation, result, input }: Call): Drawing {
  const { format, text } = (result ?? {}) as Partial<Drawing>
  if (format === undefined || format !== input['format'] || typeof text !== 'string')
    throw new Error(`the answer of ${operation.name} is not the drawing that was asked for`)
  return { format, text }
}

/** For so long the answer whether a caller may see what is streamed is believed. */
const BELIEVED_MS = 1_000

/** Each event as the contract says; one that is not ends the stream, and so does the end of what lets its caller see it. */
async function* checkedEvents(call: Call, authenticate: Authenticate): AsyncGenerator<StreamEvent> {
  const { operation, result } = call
  let asked = performance.now()
  for await (const event of result as AsyncIterable<StreamEvent>) {
    if (performance.now() - asked >= BELIEVED_MS) {
      asked = performance.now()
      if (!(await mayStill(call, authenticate))) return
    }
    const checked = operation.output.safeParse(event.data)
    if (!checked.success) throw new Error(`an event of ${operation.name} is not as its contract says`)
    yield { ...event, data: checked.data }
  }
}
