import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { ERRORS } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import type { Operation } from '../../contract/operation.ts'
import type { Log } from '../../kernel/ctx.ts'
import { requestIdFrom } from '../../kernel/request-id.ts'
import type { Caller } from '../../kernel/run-operation.ts'
import type { Drawing } from '../../kernel/verb.ts'
import { errorEnvelope, TenonError, toTenonError } from '../../kernel/tenon-error.ts'
import { callHeaders, errorHeaders } from './call-headers.ts'
import { addressTest, clientAddress } from './client-address.ts'
import { queryReader } from './coerce-query.ts'
import { ALIVE, createReadiness, type Checks } from './health.ts'
import { eventStream } from './event-stream.ts'
import { openApiDocument } from './openapi.ts'
import { readJsonBody } from './read-body.ts'
import { respond, SECURITY_HEADERS } from './respond.ts'

export interface RestOptions {
  readonly caller: Caller
  readonly log: Log
  readonly checks: Checks
  readonly publicUrl: string
  /** Addresses and CIDR ranges of the proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  readonly mcp: (request: Request, address: string) => Promise<Response>
}

/**
 * The REST surface: one route for each operation of the contract, health, the OpenAPI document, and MCP beside it.
 *
 * @throws TypeError when an entry of `trustedProxies` is malformed.
 */
export function createRestApp(options: RestOptions): Hono {
  const addressOf = addressReader(options.trustedProxies)
  const app = new Hono()
  for (const operation of OPERATIONS) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
    app.on(operation.method, path, handlerOf(operation, options, addressOf))
  }
  const alive = JSON.stringify(ALIVE)
  app.get('/healthz', () => respond(200, alive))
  const readiness = createReadiness(options.checks)
  app.get('/readyz', async () => {
    const health = await readiness()
    return respond(health.status === 'ok' ? 200 : 503, JSON.stringify(health))
  })
  const document = JSON.stringify(openApiDocument(options.publicUrl))
  app.get('/openapi.json', () => respond(200, document))
  app.all('/mcp', async (c) => {
    const response = await options.mcp(c.req.raw, addressOf(c))
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.headers.set(name, value)
    return response
  })
  app.notFound((c) => {
    const allow = allowedMethods(c.req.path)
    if (allow.length === 0) return refuse(c, new TenonError('not_found'))
    return refuse(c, new TenonError('method_not_allowed'), { allow: allow.join(', ') })
  })
  app.onError((thrown, c) => {
    const error = toTenonError(thrown)
    if (error.code === 'internal') options.log.error({ err: error }, 'a request failed')
    return refuse(c, error)
  })
  return app
}

type AddressReader = (c: Context) => string

function addressReader(trustedProxies: readonly string[]): AddressReader {
  const isTrustedProxy = addressTest(trustedProxies)
  return (c) => {
    // Called in process, as by a test, there is no socket.
    const bindings = c.env as Partial<HttpBindings> | undefined
    const socket = bindings?.incoming?.socket.remoteAddress
    return clientAddress({ socket, forwardedFor: c.req.header('x-forwarded-for') }, isTrustedProxy)
  }
}

function handlerOf(
  operation: Operation,
  { caller, log }: RestOptions,
  addressOf: AddressReader,
): (c: Context) => Promise<Response> {
  const readQuery = queryReader(operation)
  const hasBody = Object.keys(operation.body.shape).length > 0
  return async (c) => {
    const requestId = requestIdOf(c)
    const outcome = await caller.call(operation, {
      credentials: { apiKey: apiKeyOf(c), rootKey: c.req.header('x-root-key') },
      input: {
        params: c.req.param() as Record<string, string>,
        query: c.req.url.includes('?') ? readQuery(new URL(c.req.url).searchParams) : {},
        body: {},
      },
      ...(hasBody ? { readBody: () => readJsonBody(c.req.raw, operation.maxBodyBytes) } : {}),
      requestId,
      signal: c.req.raw.signal,
      address: addressOf(c),
      idempotencyKey: c.req.header('idempotency-key'),
      lastEventId: c.req.header('last-event-id'),
    })
    const headers = { 'x-request-id': requestId, ...callHeaders(outcome) }
    if (outcome.ok && outcome.events !== undefined) return eventStream(outcome.events, { headers, log })
    if (outcome.ok && outcome.drawing !== undefined) return drawn(operation, outcome.drawing, headers)
    return respond(outcome.status, JSON.stringify(outcome.envelope), headers)
  }
}

/** Shown where it is, and saved under a name that says what it is. */
function drawn(operation: Operation, { format, text }: Drawing, headers: Readonly<Record<string, string>>): Response {
  const [noun] = operation.name.split('.')
  return respond(operation.status, text, {
    ...headers,
    'content-type': `${operation.drawings[format]}; charset=utf-8`,
    'content-disposition': `inline; filename="${noun}.${format}"`,
  })
}

function apiKeyOf(c: Context): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? c.req.header('x-api-key')
}

function requestIdOf(c: Context): string {
  return requestIdFrom(c.req.header('x-request-id'))
}

/** An answer to what never became a call. */
function refuse(c: Context, error: TenonError, more?: Readonly<Record<string, string>>): Response {
  const requestId = requestIdOf(c)
  const envelope = errorEnvelope(error, requestId)
  const headers = { 'x-request-id': requestId, ...errorHeaders(envelope), ...more }
  return respond(ERRORS[error.code].httpStatus ?? 500, JSON.stringify(envelope), headers)
}

const ROUTES = OPERATIONS.map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}))

function allowedMethods(path: string): string[] {
  return [...new Set(ROUTES.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))]
}
