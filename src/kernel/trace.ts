import type * as Api from '@opentelemetry/api'
import { redactText } from './redact.ts'
import { toTenonError } from './tenon-error.ts'

/**
 * Spans of OpenTelemetry. Ids, names and counts may stand in them; inputs, texts of errors and secrets never do. In a
 * process that does not trace, each function here is one comparison, and nothing of OpenTelemetry is loaded.
 */
export interface SpanOptions {
  readonly kind?: 'server' | 'client' | 'producer' | 'consumer'
  readonly attributes?: Api.Attributes
  /**
   * Of the span, as a `traceparent`; null for a trace of its own. What is under way in this process when left out. One that
   * is malformed is as good as none.
   */
  readonly parent?: string | null
}

export interface TraceSpan {
  set(attributes: Api.Attributes): void
  rename(name: string): void
  /** With a code, never a text. */
  fail(code: string): void
  end(): void
}

/** What makes spans, brought by `platform/telemetry`. */
export interface Tracing {
  readonly tracer: Api.Tracer
  readonly api: Pick<typeof Api, 'context' | 'ROOT_CONTEXT' | 'SpanKind' | 'SpanStatusCode' | 'trace' | 'TraceFlags'>
}

const NO_SPAN: TraceSpan = { set: () => {}, rename: () => {}, fail: () => {}, end: () => {} }

let tracing: Tracing | null = null

/** From now on spans are made; null makes none. */
export function useTracing(given: Tracing | null): void {
  tracing = given
}

export function isTracing(): boolean {
  return tracing !== null
}

/** Does some work in a span of its own. Of what it throws, the span has the code alone. */
export async function traced<T>(name: string, options: SpanOptions, work: (span: TraceSpan) => Promise<T>): Promise<T> {
  if (tracing === null) return work(NO_SPAN)
  const { context, trace } = tracing.api
  const from = options.parent === undefined ? context.active() : contextOf(tracing, options.parent)
  const made = begin(tracing, name, options, from)
  const span = handleOf(tracing, made)
  try {
    return await context.with(trace.setSpan(from, made), work, undefined, span)
  } catch (thrown) {
    span.fail(toTenonError(thrown).code)
    throw thrown
  } finally {
    span.end()
  }
}

/** A span of a detail: only where one is being recorded, so that what a process does by itself makes no traces. */
export function tracedInside<T>(name: string, options: SpanOptions, work: (span: TraceSpan) => Promise<T>): Promise<T> {
  return isRecording() ? traced(name, options, work) : work(NO_SPAN)
}

/** The same for what no function surrounds; nothing is inside of it, and its caller ends it. */
export function beginInside(name: string, options: SpanOptions): TraceSpan {
  if (tracing === null || !isRecording()) return NO_SPAN
  return handleOf(tracing, begin(tracing, name, options, tracing.api.context.active()))
}

/** The span that is under way, for whoever goes on with its trace elsewhere: the header of W3C Trace Context. */
export function currentTraceParent(): string | null {
  const span = currentSpan()
  if (span === undefined) return null
  return `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, '0')}`
}

/** For log lines. */
export function traceFields(): { readonly traceId: string; readonly spanId: string } | Record<string, never> {
  const span = currentSpan()
  return span === undefined ? {} : { traceId: span.traceId, spanId: span.spanId }
}

function currentSpan(): Api.SpanContext | undefined {
  if (tracing === null) return undefined
  const { context, trace } = tracing.api
  const span = trace.getSpanContext(context.active())
  return span !== undefined && trace.isSpanContextValid(span) ? span : undefined
}

function isRecording(): boolean {
  return tracing?.api.trace.getActiveSpan()?.isRecording() === true
}

function begin({ tracer, api }: Tracing, name: string, { kind, attributes }: SpanOptions, from: Api.Context): Api.Span {
  const kinds = {
    server: api.SpanKind.SERVER,
    client: api.SpanKind.CLIENT,
    producer: api.SpanKind.PRODUCER,
    consumer: api.SpanKind.CONSUMER,
  }
  const settings = {
    ...(kind === undefined ? {} : { kind: kinds[kind] }),
    ...(attributes === undefined ? {} : { attributes: redacted(attributes) }),
  }
  return tracer.startSpan(name, settings, from)
}

function handleOf({ api }: Tracing, span: Api.Span): TraceSpan {
  return {
    set: (attributes) => void span.setAttributes(redacted(attributes)),
    rename: (name) => void span.updateName(name),
    fail: (code) => {
      span.setAttribute('error.type', code).setStatus({ code: api.SpanStatusCode.ERROR, message: code })
    },
    end: () => span.end(),
  }
}

/** What a caller may choose, such as the id of a request, may be anything. */
function redacted(attributes: Api.Attributes): Api.Attributes {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, typeof value === 'string' ? redactText(value) : value]),
  )
}

const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/

/** Where a trace goes on that somebody else has begun; what is malformed begins nothing. */
function contextOf({ api }: Tracing, traceParent: string | null): Api.Context {
  const [, version, traceId = '', spanId = '', flags = '', more] = TRACE_PARENT.exec(traceParent ?? '') ?? []
  const span = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & api.TraceFlags.SAMPLED, isRemote: true }
  // A later version may have more fields, the first one has not.
  const isKnown = version === '00' ? more === undefined : version !== 'ff'
  if (!isKnown || !api.trace.isSpanContextValid(span)) return api.ROOT_CONTEXT
  return api.trace.setSpanContext(api.ROOT_CONTEXT, span)
}
