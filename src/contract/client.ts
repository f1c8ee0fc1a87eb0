import { EventSourceParserStream } from 'eventsource-parser/stream'
import { ERRORS, isErrorCode, type ErrorCode, type ErrorDetails } from './errors.ts'
import {
  fieldsOf,
  takesIdempotencyKey,
  type CallInputOf,
  type DataOf,
  type Envelope,
  type Operation,
} from './operation.ts'

/** A client of Tenon's REST interface, typed by the contract. The dashboard, the CLI and programs use this one. */
export interface Client {
  /** @throws ApiError with the code that the server answered, or `server_unreachable`. */
  call<Op extends Operation>(
    operation: Op,
    input: CallInputOf<Op>,
    options?: CallOptions,
  ): Promise<Envelope<DataOf<Op>>>
  /**
   * The drawing that the input's `format` names, one of the operation's `drawings`.
   *
   * @throws ApiError as `call` does
   */
  draw<Op extends Operation>(
    operation: Op,
    input: CallInputOf<Op> & { readonly format: string },
    options?: Pick<CallOptions, 'signal'>,
  ): Promise<ReceivedDrawing>
  /**
   * The events of one stream, as they come; the server ends it after about a minute, to be asked again.
   *
   * @throws ApiError as `call` does
   */
  watch<Op extends Operation>(
    operation: Op,
    input: CallInputOf<Op>,
    options?: WatchOptions,
  ): AsyncIterable<ReceivedEvent<DataOf<Op>>>
}
/** An event of a stream, with where another stream goes on after it. */
export interface ReceivedEvent<Data> {
  readonly id: string
  readonly data: Data
}
export interface ReceivedDrawing {
  readonly text: string
  readonly mediaType: string
}
export interface WatchOptions {
  readonly signal?: AbortSignal | undefined
  /** That of the last event that was received before. */
  readonly lastEventId?: string | undefined
}
export interface CallOptions {
  readonly signal?: AbortSignal
  /** A repeat of the call under the same key has no second effect; not sent with a call that changes nothing. */
  readonly idempotencyKey?: string | undefined
}
export interface ClientOptions {
  /** Without a path, for instance `http://127.0.0.1:7420`. */
  readonly url: string
  readonly apiKey?: string | undefined
  readonly rootKey?: string | undefined
  /** Slug or id that stands for `{org}` where the input has none. */
  readonly org?: string | undefined
  readonly fetch: typeof globalThis.fetch
  /** Of one call; default 30,000 ms, or a little more than the longest time of an operation that may take longer. */
  readonly timeoutMs?: number
  /** Sent with every request beside those of the client itself: who calls, and which trace it belongs to. */
  readonly headers?: (() => Readonly<Record<string, string>>) | undefined
}

const DEFAULT_TIMEOUT_MS = 30_000

export class ApiError extends Error {
  readonly code: ErrorCode
  /** HTTP status; 0 when no server answered. */
  readonly status: number
  readonly details: ErrorDetails | undefined
  readonly requestId: string | undefined
  /** When the server would take the call again, where it said so. */
  readonly retryAfterSeconds: number | undefined

  constructor(
    code: ErrorCode,
    options: {
      status: number
      details?: ErrorDetails | undefined
      requestId?: string | undefined
      retryAfterSeconds?: number | undefined
      cause?: unknown
    },
  ) {
    super(ERRORS[code].message, { cause: options.cause })
    this.name = 'ApiError'
    this.code = code
    this.status = options.status
    this.details = options.details
    this.requestId = options.requestId
    this.retryAfterSeconds = options.retryAfterSeconds
  }
}

export function createClient(options: ClientOptions): Client {
  return {
    call: async (operation, input, { signal, idempotencyKey } = {}) => {
      const request = requestOf(operation, { org: options.org, ...input }, { ...options, idempotencyKey })
      const timeoutMs = options.timeoutMs ?? longestAnswer(operation)
      return exchange(request, { ...options, timeoutMs, signal }, answerOf<DataOf<typeof operation>>)
    },
    draw: async (operation, input, { signal } = {}) => {
      const { url, init } = requestOf(operation, { org: options.org, ...input }, options)
      // Errors are JSON all the same.
      const accept = `${operation.drawings[input.format] ?? '*/*'}, application/json`
      const request = { url, init: { ...init, headers: { ...init.headers, accept } } }
      return exchange(request, { ...options, signal }, drawingOf)
    },
    watch: (operation, input, watchOptions = {}) =>
      eventsOf(requestOf(operation, { org: options.org, ...input }, options), { ...options, ...watchOptions }),
  }
}

/** A server that takes all of the time that the operation has still gets its answer through. */
function longestAnswer({ timeoutMs }: Operation): number {
  return timeoutMs === null ? DEFAULT_TIMEOUT_MS : timeoutMs + 5_000
}

/** Sends a request and reads its answer, both within the time of one call. */
async function exchange<T>(
  { url, init }: ReturnType<typeof requestOf>,
  options: Pick<ClientOptions, 'fetch' | 'timeoutMs'> & Pick<WatchOptions, 'signal'>,
  read: (response: Response) => Promise<T>,
): Promise<T> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options
  const limit = AbortSignal.timeout(timeoutMs)
  try {
    const response = await options.fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, limit]) : limit })
    return await read(response)
  } catch (cause) {
    if (cause instanceof ApiError) throw cause
    const code = signal?.aborted === true ? 'cancelled' : limit.aborted ? 'timeout' : 'server_unreachable'
    throw new ApiError(code, { status: 0, cause })
  }
}

async function* eventsOf<Data>(
  { url, init }: ReturnType<typeof requestOf>,
  options: Pick<ClientOptions, 'fetch'> & WatchOptions,
): AsyncGenerator<ReceivedEvent<Data>> {
  const { signal, lastEventId } = options
  const headers = {
    ...init.headers,
    accept: 'text/event-stream',
    ...(lastEventId === undefined ? {} : { 'last-event-id': lastEventId }),
  }
  const failed = (cause: unknown): ApiError =>
    new ApiError(signal?.aborted === true ? 'cancelled' : 'server_unreachable', { status: 0, cause })
  const response = await options
    .fetch(url, { ...init, headers, ...(signal ? { signal } : {}) })
    .catch((cause: unknown) => Promise.reject(failed(cause)))
  if (!response.ok || response.body === null) {
    await answerOf(response).catch((cause: unknown) =>
      Promise.reject(cause instanceof ApiError ? cause : failed(cause)),
    )
    return
  }
  const events = response.body.pipeThrough(new TextDecoderStream()).pipeThrough(new EventSourceParserStream())
  try {
    for await (const { id = '', data } of events) yield { id, data: JSON.parse(data) as Data }
  } catch (cause) {
    throw failed(cause)
  }
}

function requestOf(
  operation: Operation,
  input: Readonly<Record<string, unknown>>,
  { url, apiKey, rootKey, idempotencyKey, headers: more }: ClientOptions & Pick<CallOptions, 'idempotencyKey'>,
): { url: URL; init: Omit<RequestInit, 'headers'> & { readonly headers: Record<string, string> } } {
  const fields = fieldsOf(operation)
  const body: Record<string, unknown> = {}
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(textOf(input[name])))
  const target = new URL(path, url)
  for (const [name, value] of Object.entries(input)) {
    if (value === undefined || fields.get(name) === 'params' || (name === 'org' && !fields.has('org'))) continue
    if (fields.get(name) !== 'query') body[name] = value
    else for (const item of Array.isArray(value) ? value : [value]) target.searchParams.append(name, String(item))
  }
  const hasBody = Object.keys(operation.body.shape).length > 0
  // The id that logs, runs and audit entries of this call carry on the server.
  const headers: Record<string, string> = {
    accept: 'application/json',
    'x-request-id': crypto.randomUUID(),
    ...more?.(),
  }
  if (apiKey !== undefined) headers['authorization'] = `Bearer ${apiKey}`
  if (rootKey !== undefined && operation.auth === 'root') headers['x-root-key'] = rootKey
  if (idempotencyKey !== undefined && takesIdempotencyKey(operation)) headers['idempotency-key'] = idempotencyKey
  if (hasBody) headers['content-type'] = 'application/json'
  return {
    url: target,
    init: { method: operation.method, headers, ...(hasBody ? { body: JSON.stringify(body) } : {}) },
  }
}

async function drawingOf(response: Response): Promise<ReceivedDrawing> {
  const mediaType = response.headers.get('content-type')?.replace(/;.*$/s, '').trim() ?? ''
  if (response.ok && mediaType !== 'application/json') return { text: await response.text(), mediaType }
  await answerOf(response)
  // A server that answers with an envelope does not know the drawing.
  throw new ApiError('internal', { status: response.status })
}

async function answerOf<T>(response: Response): Promise<Envelope<T>> {
  const answer = (await response.json()) as
    | Envelope<T>
    | { error?: { code?: unknown; details?: ErrorDetails; requestId?: string } }
  if (response.ok && 'data' in answer) return answer
  const { code, details, requestId } = ('error' in answer ? answer.error : undefined) ?? {}
  throw new ApiError(isErrorCode(code) ? code : 'internal', {
    status: response.status,
    details,
    requestId,
    retryAfterSeconds: secondsOf(response.headers.get('retry-after')),
  })
}

/** A date, which the header may hold as well, is not read: the clocks of the two need not agree. */
function secondsOf(header: string | null): number | undefined {
  return header !== null && /^\d{1,9}$/.test(header) ? Number(header) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? '')
}
