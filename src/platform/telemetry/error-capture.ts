import type { Event, Exception, StackParser } from '@sentry/core'
import { httpFetch } from '../http/fetch.ts'
import type { Fields, LoggedError, Report } from './logger.ts'

/** Sends the errors that are logged to a Sentry, or to what speaks its protocol. */
export interface ErrorCapture {
  /** Never waits and never throws. What is more than a Sentry takes in is dropped. */
  readonly report: Report
  /** Gives what is on its way two seconds, then lets it go. */
  close(): Promise<void>
}

export interface ErrorCaptureOptions {
  readonly dsn: string
  readonly environment: string
  readonly release: string
  /** What this process does. */
  readonly role: string
  readonly closeMs?: number
}

/** Events on their way at once: beyond that, and beyond as many in a minute, they are dropped. */
const MAX_UNDER_WAY = 30
const MAX_PER_MINUTE = 120
const SEND_MS = 5_000
const CLOSE_MS = 2_000
const MAX_CAUSES = 8

/** Loads the library when it is called: without a DSN nobody does. */
export async function createErrorCapture(options: ErrorCaptureOptions): Promise<ErrorCapture> {
  const { createStackParser, createTransport } = await import('@sentry/core')
  const { nodeStackLineParser, ServerRuntimeClient } = await import('@sentry/core/server')
  const { dsn, environment, release, role, closeMs = CLOSE_MS } = options
  const closing = new AbortController()
  const stackParser = createStackParser(nodeStackLineParser())
  const client = new ServerRuntimeClient({
    dsn,
    environment,
    release,
    stackParser,
    integrations: [],
    // Nothing is traced here, so that no integration is needed for it.
    traceLifecycle: 'static',
    sendClientReports: false,
    platform: 'node',
    runtime: { name: 'node', version: process.version },
    transportOptions: { bufferSize: MAX_UNDER_WAY },
    transport: (to) => createTransport(to, ({ body }) => send(to, body, closing.signal)),
  })
  const mayReport = atMost(MAX_PER_MINUTE, 60_000)
  return {
    report: (error) => {
      if (!closing.signal.aborted && mayReport()) client.captureEvent(eventOf(error, role, stackParser))
    },
    close: async () => {
      let timer: NodeJS.Timeout | undefined
      const late = new Promise((resolve) => {
        timer = setTimeout(resolve, closeMs)
      })
      await Promise.race([client.flush(closeMs), late])
      clearTimeout(timer)
      closing.abort()
    },
  }
}

interface Sent {
  readonly statusCode: number
  readonly headers: { 'x-sentry-rate-limits': string | null; 'retry-after': string | null }
}

async function send(
  { url, headers = {} }: { readonly url: string; readonly headers?: Record<string, string> },
  body: string | Uint8Array,
  closing: AbortSignal,
): Promise<Sent> {
  const signal = AbortSignal.any([closing, AbortSignal.timeout(SEND_MS)])
  const content = typeof body === 'string' ? body : new Uint8Array(body)
  const response = await httpFetch(url, { method: 'POST', headers, body: content, signal, redirect: 'error' })
  await response.body?.cancel()
  const header = (name: string): string | null => response.headers.get(name)
  return {
    statusCode: response.status,
    headers: { 'x-sentry-rate-limits': header('x-sentry-rate-limits'), 'retry-after': header('retry-after') },
  }
}

function atMost(count: number, ms: number): () => boolean {
  let [began, taken] = [Number.NEGATIVE_INFINITY, 0]
  return () => {
    if (performance.now() - began >= ms) [began, taken] = [performance.now(), 0]
    taken += 1
    return taken <= count
  }
}

/** What stands beside an error. The name of a repository and who called do not: they are no matter of another party. */
const CONTEXT = ['request_id', 'run_id', 'job_id', 'org', 'n', 'attempt', 'status', 'elapsed_ms', 'origin']

function eventOf({ message, fields, err }: LoggedError, role: string, parse: StackParser): Event {
  const { operation, pipeline, step, job, pool, trace_id: traceId, span_id: spanId } = fields
  const code = fields['code'] ?? (isFields(err) ? err['code'] : undefined)
  const values = exceptionsOf(err, { parse, handled: !('origin' in fields) })
  return {
    level: 'error',
    message,
    exception: { values },
    ...(typeof operation === 'string' ? { transaction: operation } : {}),
    tags: { role, ...textOf({ operation, code, pipeline, step, job, pool }) },
    contexts: {
      tenon: Object.fromEntries(CONTEXT.flatMap((name) => (name in fields ? [[name, fields[name]]] : []))),
      ...(typeof traceId === 'string' && typeof spanId === 'string'
        ? { trace: { trace_id: traceId, span_id: spanId } }
        : {}),
    },
  }
}

/** The cause of all comes first, as Sentry shows them; the last gives the report its title. */
function exceptionsOf(
  err: unknown,
  { parse, handled }: { readonly parse: StackParser; readonly handled: boolean },
): Exception[] {
  const values: Exception[] = []
  // What stands around an error that nobody knew has the same text each time.
  const isAround = isFields(err) && err['code'] === 'internal' && err['cause'] !== undefined
  for (
    let next = isAround ? err['cause'] : err;
    next !== undefined && values.length < MAX_CAUSES;
    next = causeOf(next)
  ) {
    const { name, message, stack } = isFields(next) ? next : {}
    const frames = typeof stack === 'string' ? parse(stack) : []
    values.unshift({
      type: typeof name === 'string' ? name : 'Error',
      value: typeof message === 'string' ? message : JSON.stringify(next),
      mechanism: { type: values.length === 0 ? 'generic' : 'chained', handled },
      ...(frames.length === 0 ? {} : { stacktrace: { frames } }),
    })
  }
  return values
}

/** One that stands for several has them in place of a cause; the first tells enough. */
function causeOf(err: unknown): unknown {
  if (!isFields(err)) return undefined
  return err['cause'] ?? (Array.isArray(err['errors']) ? err['errors'][0] : undefined)
}

function textOf(given: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  )
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null
}
