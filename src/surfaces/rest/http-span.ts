import type { Context, MiddlewareHandler } from 'hono'
import { routePath } from 'hono/route'
import { traced, type TraceSpan } from '../../kernel/trace.ts'

/** Asked again and again by whoever watches over the process: there is nothing to see. */
const UNSEEN = new Set(['/healthz', '/readyz', '/metrics'])
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/**
 * A span for each request, after the semantic conventions of OpenTelemetry, in the trace that the caller names; it ends
 * when the answer begins. Of the address the template alone is shown: the rest holds what is searched for, and of whom.
 */
export const httpSpan: MiddlewareHandler = async (c, next) => {
  if (UNSEEN.has(c.req.path)) return next()
  const method = METHODS.has(c.req.method) ? c.req.method : '_OTHER'
  const attributes = { 'http.request.method': method, 'url.scheme': new URL(c.req.url).protocol.slice(0, -1) }
  const parent = c.req.header('traceparent') ?? null
  await traced(method, { kind: 'server', attributes, parent }, async (span) => {
    await next()
    describe(span, c, method)
  })
}

function describe(span: TraceSpan, c: Context, method: string): void {
  const { status } = c.res
  const path = routePath(c)
  span.set({ 'http.response.status_code': status })
  // Where nothing but this middleware was found, there is no route.
  if (path !== '' && path !== '*' && path !== '/*') {
    const route = path.replaceAll(/:(\w+)/g, '{$1}')
    span.rename(`${method} ${route}`)
    span.set({ 'http.route': route, 'url.path': route })
  }
  if (status >= 500) span.fail(String(status))
}
