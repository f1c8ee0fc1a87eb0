import type { ErrorDetails } from '../contract/errors.ts'
import type { Envelope, Operation } from '../contract/operation.ts'
import type { Ctx, NewSession, Principal, Progress } from './ctx.ts'
import type { RateState } from './limiter.ts'
import type { RawInput } from './parse-input.ts'
import type { Sql } from './statement.ts'
import type { Drawing, StreamEvent } from './verb.ts'

export interface Credentials {
  readonly apiKey?: string | undefined
  readonly rootKey?: string | undefined
  /** From a browser's cookie. */
  readonly session?: string | undefined
  /** Of the body, by whom it comes from. */
  readonly signature?: string | undefined
}

export interface CallRequest {
  readonly credentials: Credentials
  readonly input: RawInput
  /** Reads the body, for a surface that need not read that of a caller who is refused. */
  readonly readBody?: () => Promise<Readonly<Record<string, unknown>>>
  /** The body as it came, for a signature over it. */
  readonly readBytes?: () => Promise<Buffer>
  /** Slug or id of the organisation that a person with several means where the input has none. */
  readonly org?: string | undefined
  readonly requestId: string
  readonly signal: AbortSignal
  /** Network address of the caller. */
  readonly address: string
  /** The program that calls, as it calls itself. */
  readonly userAgent?: string | undefined
  readonly idempotencyKey?: string | undefined
  readonly lastEventId?: string | undefined
  /** Told how far the call has come, where its verb says so. */
  readonly progress?: ((progress: Progress) => void) | undefined
}

/** One call under way; each step reads what those before it have set. */
export interface Call {
  readonly operation: Operation
  readonly request: CallRequest
  readonly ctx: Ctx
  principal: Principal
  rate: RateState | null
  raw: RawInput
  bodyRead: boolean
  input: Readonly<Record<string, unknown>>
  prepared: unknown
  sql: Sql | null
  result: unknown
  envelope: Envelope | null
  events: AsyncIterable<StreamEvent> | null
  drawing: Drawing | null
  /** The answer is that of an earlier call with the same Idempotency-Key. */
  replayed: boolean
  /** What the verb has said of the caller's session; undefined when it has said nothing. */
  session: NewSession | null | undefined
  /** What the verb has noted for the audit trail. */
  notes: ErrorDetails
}
export type Step = (call: Call, next: () => Promise<void>) => Promise<void>

/** The body of the request, read when it is asked for the first time. */
export async function bodyOf(call: Call): Promise<RawInput['body']> {
  const { readBody } = call.request
  if (readBody !== undefined && !call.bodyRead) {
    call.bodyRead = true
    call.raw = { ...call.raw, body: await readBody() }
  }
  return call.raw.body
}
