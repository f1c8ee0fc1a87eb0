import { z } from 'zod'
import type { ErrorCode, JsonValue } from './errors.ts'
import type { Quota } from './plans.ts'
import type { Scope } from './scopes.ts'

/**
 * An operation is a value: everything that a surface, the kernel, the documentation or a client has to know about
 * one call. REST, OpenAPI, the typed client, MCP tools and CLI commands are made from it.
 */
/**
 * `key`: an API key, an access token, or a person who is a member of the organisation. `session`: a person who has signed
 * in. `root`: the operator. `signature`: the body is signed by whom it comes from.
 */
export type AuthKind = 'public' | 'key' | 'session' | 'root' | 'signature'
/** `read`: every query is scoped to the organisation in one round trip. `write`: one transaction around the verb, its
 * audit entry and its idempotency record. `none`: the verb opens its own short transactions; it changes nothing, or keeps
 * a journal of its own. */
export type TxMode = 'read' | 'write' | 'none'
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface McpSurface {
  /** Tool name, at most 40 characters. */
  readonly tool: string
  readonly title: string
  /** When to use it and what it returns, for an agent that picks among tools. */
  readonly description: string
  /** Defaults for an agent, whose room is small, in place of those of the fields. */
  readonly defaults?: Readonly<Record<string, JsonValue>>
  /** It reaches what stands outside of Tenon. */
  readonly openWorld?: boolean
}
export interface CliSurface {
  /** The words after `tenon`, for instance `repos add`. */
  readonly command: string
  /** Fields of the input that are positional arguments, in order. */
  readonly args?: readonly string[]
  /** An option, such as `--self`, that turns another operation's command into this one. */
  readonly flag?: { readonly name: string; readonly description: string }
  /** A field with a secret, which may stand in the standard input instead of among the arguments, where others see it. */
  readonly secret?: string
  /** A field with an object, whose argument is the path of a JSON file; `-` is the standard input. */
  readonly file?: string
  /** An answer that has this value in this field makes the command fail, so that a script can rely on it. */
  readonly failsOn?: { readonly field: string; readonly value: string }
  /** For people at a terminal, where that of the operation speaks of fields. */
  readonly description?: string
  /** Lines for a shell; a comment may stand behind one, after two spaces. */
  readonly examples: readonly string[]
}
/** A surface that an operation does not stand on says why. */
export interface Absent {
  readonly absent: string
}
export interface Surfaces {
  readonly mcp: McpSurface | Absent
  readonly cli: CliSurface | Absent
}

/** Bytes of a request body that holds JSON, unless the operation says otherwise. */
export const MAX_BODY_BYTES = 1 << 20

export type Fields = z.ZodObject<z.ZodRawShape>
const EMPTY = z.strictObject({})
type Empty = typeof EMPTY

export interface Operation<
  Params extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends Fields = Fields,
  Output extends z.ZodType = z.ZodType,
> {
  /** `noun.verb`, also the audit action. */
  readonly name: string
  readonly summary: string
  readonly description: string
  readonly method: HttpMethod
  /** With `{field}` for each of `params`. */
  readonly path: string
  readonly auth: AuthKind
  readonly scope: Scope | null
  readonly tx: TxMode
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** Of `data` in the envelope. */
  readonly output: Output
  /** The answer has `meta.pagination`; the query has `limit` and `cursor`. */
  readonly paginated: boolean
  readonly status: 200 | 201 | 202
  /** Beyond those that every operation can give: see `errorsOf`. */
  readonly errors: readonly ErrorCode[]
  /** `events`: server-sent events, each with `output` as its data. */
  readonly kind: 'json' | 'events'
  /** A repeat has no further effect. */
  readonly idempotent: boolean
  readonly destructive: boolean
  /** Every operation that changes something writes an audit entry. */
  readonly audited: boolean
  /** What has to be left of the plan before the verb runs. What is used is counted, and decided, in its transaction. */
  readonly quotas: readonly Quota[]
  /** The answer holds a secret that is shown once, so that a kept copy of it is sealed. */
  readonly reveals: boolean
  /** Must be possible also when the limit of the organisation is used up, and is counted apart. */
  readonly rescue: boolean
  /** Media types of the drawings that the query's `format` may ask for over REST, in place of the envelope. */
  readonly drawings: Readonly<Record<string, string>>
  /** Longest time of a call in milliseconds; null for that of the table of timeouts. */
  readonly timeoutMs: number | null
  /** Of a request over REST. */
  readonly maxBodyBytes: number
  /** Of a public operation by which a person signs in: the field of the body that names the account. */
  readonly signIn: string | null
  /** A person shows their password in it: tries are counted on their account, as those of signing in are. */
  readonly proves: boolean
  readonly surfaces: Surfaces
}

type Optional =
  | 'params'
  | 'query'
  | 'body'
  | 'paginated'
  | 'status'
  | 'errors'
  | 'kind'
  | 'destructive'
  | 'audited'
  | 'quotas'
  | 'reveals'
  | 'rescue'
  | 'drawings'
  | 'timeoutMs'
  | 'maxBodyBytes'
  | 'signIn'
  | 'proves'

type Definition<P extends Fields, Q extends Fields, B extends Fields, O extends z.ZodType> = Omit<
  Operation<P, Q, B, O>,
  Optional
> &
  Partial<Pick<Operation<P, Q, B, O>, Optional>>

export function defineOperation<
  O extends z.ZodType,
  P extends Fields = Empty,
  Q extends Fields = Empty,
  B extends Fields = Empty,
>(definition: Definition<P, Q, B, O>): Operation<P, Q, B, O> {
  const operation: Operation<P, Q, B, O> = {
    paginated: false,
    status: 200,
    errors: [],
    kind: 'json',
    destructive: false,
    audited: definition.method !== 'GET',
    quotas: [],
    reveals: false,
    rescue: false,
    drawings: {},
    timeoutMs: null,
    maxBodyBytes: MAX_BODY_BYTES,
    signIn: null,
    proves: false,
    ...definition,
    params: definition.params ?? (EMPTY as P),
    query: definition.query ?? (EMPTY as Q),
    body: definition.body ?? (EMPTY as B),
  }
  checkDefinition(operation)
  return Object.freeze(operation)
}

/** An empty object schema would forbid the fields of the other parts. */
type Parsed<F extends Fields> = keyof F['shape'] extends never ? unknown : z.output<F>
type Written<F extends Fields> = keyof F['shape'] extends never ? unknown : z.input<F>

/** The parsed input: params, query and body in one flat object. */
export type InputOf<Op> = Op extends Operation<infer P, infer Q, infer B> ? Parsed<P> & Parsed<Q> & Parsed<B> : never
/** What a caller writes: fields with a default may be left out, and so may `org`. */
export type CallInputOf<Op> =
  Op extends Operation<infer P, infer Q, infer B>
    ? Omit<Written<P> & Written<Q> & Written<B>, 'org'> & { readonly org?: string }
    : never
export type DataOf<Op> = Op extends Operation<Fields, Fields, Fields, infer O> ? z.output<O> : never

export const PARTS = ['params', 'query', 'body'] as const
export type Part = (typeof PARTS)[number]

/** Field names of an operation with the part that each belongs to. */
export function fieldsOf(operation: Operation): ReadonlyMap<string, Part> {
  return new Map(PARTS.flatMap((part) => Object.keys(operation[part].shape).map((field) => [field, part] as const)))
}

/** The fields of all parts, for a surface that answers with envelopes alone: no drawing can be asked for there. */
export function envelopeFieldsOf(operation: Operation): Fields {
  const shape: Record<string, z.core.$ZodType> = Object.assign({}, ...PARTS.map((part) => operation[part].shape))
  if (Object.keys(operation.drawings).length > 0) delete shape['format']
  return z.strictObject(shape)
}

const AUTH_ERRORS: Readonly<Record<AuthKind, readonly ErrorCode[]>> = {
  public: [],
  key: ['unauthenticated', 'invalid_api_key'],
  session: ['unauthenticated', 'invalid_api_key', 'forbidden'],
  root: ['unauthenticated', 'invalid_api_key'],
  signature: ['signature_invalid'],
}

export function isAbsent(surface: McpSurface | CliSurface | Absent): surface is Absent {
  return 'absent' in surface
}

/** Every code that a call of this operation can answer with, on any surface. */
export function errorsOf(operation: Operation): readonly ErrorCode[] {
  const codes = new Set<ErrorCode>([
    'validation_failed',
    'rate_limited',
    'internal',
    'unavailable',
    'limits_unavailable',
    'timeout',
    'cancelled',
    'client_outdated',
  ])
  if (Object.keys(operation.body.shape).length > 0) {
    for (const code of ['malformed_json', 'payload_too_large', 'unsupported_media_type'] as const) codes.add(code)
  }
  for (const code of AUTH_ERRORS[operation.auth]) codes.add(code)
  if (operation.scope !== null) codes.add('forbidden')
  if (Object.keys(operation.params.shape).length > 0) codes.add('not_found')
  if (operation.paginated) codes.add('invalid_cursor')
  if (operation.quotas.length > 0) codes.add('quota_exceeded')
  if (operation.audited) codes.add('audit_unavailable')
  if (takesIdempotencyKey(operation))
    for (const code of ['idempotency_key_reused', 'idempotency_in_progress'] as const) codes.add(code)
  for (const code of operation.errors) codes.add(code)
  return [...codes]
}

/**
 * Operations that change something: a repeat under the same `Idempotency-Key` has one effect and gives the same answer. A
 * question that is too long for an address comes by POST, and changes nothing.
 */
export function takesIdempotencyKey(operation: Operation): boolean {
  return operation.audited
}

/** 1 to 255 visible ASCII characters. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

export interface PageMeta {
  readonly pagination: { readonly nextCursor: string | null; readonly limit: number }
}
/** What every surface answers when a call succeeds. */
export interface Envelope<Data = unknown> {
  readonly data: Data
  readonly meta?: PageMeta
}
export type Json = JsonValue

function checkDefinition(operation: Operation): void {
  const fail = (why: string): never => {
    throw new Error(`operation ${operation.name}: ${why}`)
  }
  const names = PARTS.flatMap((part) => Object.keys(operation[part].shape))
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) fail(`the field ${twice} stands in two of params, query and body`)
  const inPath = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
  const params = Object.keys(operation.params.shape)
  if (inPath.join() !== params.join()) fail(`path has {${inPath.join()}}, params have ${params.join()}`)
  if (Object.keys(operation.drawings).length > 0 && !('format' in operation.query.shape))
    fail('a drawing is asked for by `format`')
  if (operation.paginated && !(names.includes('limit') && names.includes('cursor')))
    fail('a list takes limit and cursor')
  if (operation.method === 'GET' && Object.keys(operation.body.shape).length > 0) fail('a GET has no body')
  const { mcp, cli } = operation.surfaces
  if (operation.kind === 'events' && (operation.method !== 'GET' || !isAbsent(mcp) || !isAbsent(cli)))
    fail('events are for HTTP')
  if (operation.tx === 'write' && operation.method === 'GET') fail('a GET changes nothing')
  if (operation.audited && operation.tx !== 'write' && operation.auth === 'key')
    fail('what changes something has one transaction around verb and audit entry')
  if (!isAbsent(mcp) && mcp.tool.length > 40) fail('a tool name has at most 40 characters')
  if (!isAbsent(cli) && cli.flag !== undefined && names.some((name) => name !== 'org'))
    fail('a command that a flag makes has no fields')
  if (!isAbsent(cli))
    for (const field of [...(cli.args ?? []), cli.secret ?? [], cli.file ?? []].flat())
      if (!names.includes(field)) fail(`no field ${field} for the command line`)
  if (!isAbsent(mcp))
    for (const field of Object.keys(mcp.defaults ?? {}))
      if (!names.includes(field)) fail(`no field ${field} for a default`)
}
