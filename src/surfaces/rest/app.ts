import { Hono, type Context } from 'hono'
import { API_VERSION, VERSION, type Health } from '../../contract/health.ts'
import { ERRORS } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import type { Operation } from '../../contract/operation.ts'
import type { Log } from '../../kernel/ctx.ts'
import { requestIdFrom } from '../../kernel/request-id.ts'
import type { Caller } from '../../kernel/run-operation.ts'
import { errorEnvelope, TenonError, toTenonError } from '../../kernel/tenon-error.ts'
import { queryReader } from './coerce-query.ts'
import { openApiDocument } from './openapi.ts'
import { readJsonBody } from './read-body.ts'

export interface RestOptions {
  readonly caller: Caller
  readonly log: Log
  /** Names of what has to work for the service to be ready, with whether it does. */
  readonly checks: () => Promise<Readonly<Record<string, boolean>>>
  readonly publicUrl: string
  readonly mcp: (request: Request) => Promise<Response>
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
}

/** The REST surface: one route for each operation of the contract, health, the OpenAPI document, and MCP beside it. */
export function createRestApp(options: RestOptions): Hono {
  const app = new Hono()
  app.use(async (c, next) => {
    await next()
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) c.res.headers.set(name, value)
  })
  for (const operation of OPERATIONS)
    app.on(operation.method, operation.path.replaceAll(/\{(\w+)\}/g, ':$1'), handlerOf(operation, options))
  app.get('/healthz', (c) => c.json(healthOf({})))
  app.get('/readyz', async (c) => {
    const health = healthOf(await options.checks())
    return c.json(health, health.status === 'ok' ? 200 : 503)
  })
  const document = openApiDocument(options.publicUrl)
  app.get('/openapi.json', (c) => c.json(document))
  app.all('/mcp', (c) => options.mcp(c.req.raw))
  app.notFound((c) => {
    const allow = allowedMethods(c.req.path)
    if (allow.length === 0) return refuse(c, new TenonError('not_found'))
    c.header('allow', allow.join(', '))
    return refuse(c, new TenonError('method_not_allowed'))
  })
  app.onError((thrown, c) => {
    const error = toTenonError(thrown)
    if (error.code === 'internal') options.log.error({ err: error }, 'a request failed')
    return refuse(c, error)
  })
  return app
}

function handlerOf(operation: Operation, { caller }: RestOptions): (c: Context) => Promise<Response> {
  const readQuery = queryReader(operation)
  const hasBody = Object.keys(operation.body.shape).length > 0
  return async (c) => {
    const requestId = requestIdOf(c)
    const body = hasBody ? await readJsonBody(c.req.raw) : {}
    const outcome = await caller.call(operation, {
      credentials: { apiKey: apiKeyOf(c), rootKey: c.req.header('x-root-key') },
      input: {
        params: c.req.param() as Record<string, string>,
        query: readQuery(new URL(c.req.url).searchParams),
        body,
      },
      requestId,
      signal: c.req.raw.signal,
    })
    return answer(c, outcome.envelope, outcome.status, requestId)
  }
}

function apiKeyOf(c: Context): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(c.req.header('authorization') ?? '')?.[1] ?? c.req.header('x-api-key')
}

function requestIdOf(c: Context): string {
  return requestIdFrom(c.req.header('x-request-id'))
}

function refuse(c: Context, error: TenonError): Response {
  const requestId = requestIdOf(c)
  return answer(c, errorEnvelope(error, requestId), ERRORS[error.code].httpStatus ?? 500, requestId)
}

function answer(c: Context, envelope: object, status: number, requestId: string): Response {
  const headers = new Headers(c.res.headers)
  headers.set('content-type', 'application/json; charset=utf-8')
  headers.set('x-request-id', requestId)
  return new Response(JSON.stringify(envelope), { status, headers })
}

function allowedMethods(path: string): string[] {
  const fits = (pattern: string): boolean => new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path)
  return [...new Set(OPERATIONS.filter((operation) => fits(operation.path)).map(({ method }) => method))]
}

function healthOf(checks: Readonly<Record<string, boolean>>): Health {
  const results = Object.entries(checks).map(([name, ok]) => [name, ok ? 'ok' : 'failed'] as const)
  const status = results.every(([, result]) => result === 'ok') ? 'ok' : 'unavailable'
  return { status, version: VERSION, api_version: API_VERSION, checks: Object.fromEntries(results) }
}
