import type { HttpBindings } from '@hono/node-server'
import { Hono, type Context } from 'hono'
import { OPERATIONS } from '../../contract/index.ts'
import type { Operation } from '../../contract/operation.ts'
import { CLIENT_HEADER } from '../../contract/release.ts'
import type { Log } from '../../kernel/ctx.ts'
import { apiKeyIn } from '../../kernel/credential.ts'
import { requestIdFrom } from '../../kernel/request-id.ts'
import type { CallRequest } from '../../kernel/call.ts'
import type { Caller } from '../../kernel/run-operation.ts'
import { isTracing } from '../../kernel/trace.ts'
import type { Drawing } from '../../kernel/verb.ts'
import { TenonError, toTenonError } from '../../kernel/tenon-error.ts'
import { billingReturnPage } from './billing-return.ts'
import { addAccountPages } from './account-pages/index.ts'
import { callHeaders } from './call-headers.ts'
import { addressTest, clientAddress } from './client-address.ts'
import { outdatedClient, UPGRADE_HEADERS } from './client-version.ts'
import { queryReader } from './coerce-query.ts'
import type { Checks } from './health.ts'
import { eventStream } from './event-stream.ts'
import { createDocsPage } from './docs-page.ts'
import { addMetrics, type MetricsOptions } from './metrics.ts'
import { openApiDocument } from './openapi.ts'
import { tagsOf } from './openapi-tags.ts'
import { addHealth } from './probes.ts'
import { addProtectedResource } from './protected-resource.ts'
import { httpSpan } from './http-span.ts'
import { jsonOf, readBytes, readJsonBody } from './read-body.ts'
import { refuse } from './refuse.ts'
import { respond, SECURITY_HEADERS } from './respond.ts'
import { sessionCookie } from './session-cookie.ts'
import { createAsset, type Asset } from './static-asset.ts'

export interface RestOptions extends MetricsOptions {
  readonly caller: Pick<Caller, 'call'>
  readonly log: Log
  readonly checks: Checks
  readonly publicUrl: string
  /** Who gives out access tokens; nobody when left out. */
  readonly issuer?: string | undefined
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
  // Beside a route, middleware costs something also when it does nothing.
  if (isTracing()) app.use(httpSpan)
  addMetrics(app, options)
  for (const operation of OPERATIONS) {
    const path = operation.path.replaceAll(/\{(\w+)\}/g, ':$1')
    app.on(operation.method, path, handlerOf(operation, options, addressOf))
  }
  addHealth(app, options.checks)
  addReference(app, options.publicUrl)
  addAccountPages(app)
  addProtectedResource(app, options)
  app.get('/billing/return', (c) => billingReturnPage(new URL(c.req.url).searchParams))
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

/** The OpenAPI document, and the page that shows it. */
function addReference(app: Hono, publicUrl: string): void {
  let document: Asset | undefined
  // Made when somebody asks for it: it takes a tenth of a second, which every start would wait for.
  app.get('/openapi.json', (c) => {
    document ??= createAsset({
      type: 'application/json; charset=utf-8',
      body: Buffer.from(JSON.stringify(openApiDocument(publicUrl))),
    })
    return document.respond(c.req.raw)
  })
  const docs = createDocsPage(tagsOf([...OPERATIONS.map(({ name }) => name), 'health']))
  app.get('/docs', async (c) => (await docs.respond(c.req.raw)) ?? c.notFound())
  // The page names its files relative to itself.
  app.get('/docs/', () => new Response(null, { status: 308, headers: { ...SECURITY_HEADERS, location: '../docs' } }))
  app.get('/docs/:file', async (c) => (await docs.respond(c.req.raw, c.req.param('file'))) ?? c.notFound())
  app.all('/docs/*', (c) => refuse(c, new TenonError('method_not_allowed'), { allow: 'GET, HEAD' }))
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
  { caller, log, publicUrl }: RestOptions,
  addressOf: AddressReader,
): (c: Context) => Promise<Response> {
  const readQuery = queryReader(operation)
  const cookie = sessionCookie(publicUrl)
  return async (c) => {
    const outdated = outdatedClient(c.req.header(CLIENT_HEADER))
    if (outdated !== null) return refuse(c, outdated, UPGRADE_HEADERS)
    const requestId = requestIdFrom(c.req.header('x-request-id'))
    const outcome = await caller.call(operation, {
      credentials: {
        apiKey: apiKeyIn((name) => c.req.header(name)),
        rootKey: c.req.header('x-root-key'),
        session: cookie.read(c.req.raw),
        signature: c.req.header('stripe-signature'),
      },
      input: {
        params: c.req.param() as Record<string, string>,
        query: c.req.url.includes('?') ? readQuery(new URL(c.req.url).searchParams) : {},
        body: {},
      },
      ...bodyReaders(operation, c.req.raw),
      org: c.req.header('x-tenon-org'),
      requestId,
      signal: c.req.raw.signal,
      address: addressOf(c),
      userAgent: c.req.header('user-agent'),
      idempotencyKey: c.req.header('idempotency-key'),
      lastEventId: c.req.header('last-event-id'),
    })
    const kept = outcome.ok && outcome.session !== undefined ? { 'set-cookie': cookie.write(outcome.session) } : {}
    const headers = { 'x-request-id': requestId, ...kept, ...callHeaders(outcome, publicUrl) }
    if (outcome.ok && outcome.events !== undefined) return eventStream(outcome.events, { headers, log })
    if (outcome.ok && outcome.drawing !== undefined) return drawn(operation, outcome.drawing, headers)
    return respond(outcome.status, JSON.stringify(outcome.envelope), headers)
  }
}

/** What is signed is read as it came, and is JSON only after that. */
function bodyReaders(operation: Operation, request: Request): Pick<CallRequest, 'readBody' | 'readBytes'> {
  const limit = operation.maxBodyBytes
  if (operation.auth === 'signature') {
    let read: Promise<Buffer> | undefined
    const bytes = (): Promise<Buffer> => (read ??= readBytes(request, limit))
    return { readBytes: bytes, readBody: async () => jsonOf(request, await bytes()) }
  }
  return Object.keys(operation.body.shape).length > 0 ? { readBody: () => readJsonBody(request, limit) } : {}
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

const ROUTES = OPERATIONS.map(({ method, path }) => ({
  method,
  pattern: new RegExp(`^${path.replaceAll(/\{\w+\}/g, '[^/]+')}$`),
}))

function allowedMethods(path: string): string[] {
  return [...new Set(ROUTES.filter(({ pattern }) => pattern.test(path)).map(({ method }) => method))]
}
