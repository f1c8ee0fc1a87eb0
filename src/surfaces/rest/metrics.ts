import { createHash, timingSafeEqual } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import type { Context, Hono } from 'hono'
import { matchedRoutes } from 'hono/route'
import { bearerOf } from '../../kernel/credential.ts'
import { respond } from './respond.ts'

/** What the surface tells of each request, and what it shows at `/metrics`. */
export interface RequestMetrics {
  requestEnded(request: { method: string; route: string; status: number; seconds: number }): void
  page(): Promise<{ readonly contentType: string; readonly text: string }>
}

export interface MetricsOptions {
  /** Nothing is counted or shown when left out. */
  readonly metrics?: RequestMetrics | undefined
  /** Who sends it may see the page; without one, whoever asks from this machine may. */
  readonly metricsToken?: string | undefined
}

/**
 * Counts what every handler after it answers, by the template of its route, and shows the counts at `/metrics`. To who may not
 * see them there is no such page.
 */
export function addMetrics(app: Hono, { metrics, metricsToken }: MetricsOptions): void {
  if (metrics === undefined) return
  app.use(async (c, next) => {
    const began = performance.now()
    await next()
    const seconds = (performance.now() - began) / 1_000
    metrics.requestEnded({ method: c.req.method, route: routeOf(c), status: c.res.status, seconds })
  })
  app.get('/metrics', async (c) => {
    if (metricsToken === undefined ? !isDirectFromHere(c) : !hasToken(c, metricsToken)) return c.notFound()
    const { contentType, text } = await metrics.page()
    return respond(200, text, { 'content-type': contentType })
  })
}

/** Of the handler that has answered; when there was none, the last one is the counting itself, and the path is `other`. */
function routeOf(c: Context): string {
  const { path } = matchedRoutes(c)[c.req.routeIndex] ?? { path: '*' }
  const known = templates.get(path)
  if (known !== undefined) return known
  const template = templateOf(path)
  templates.set(path, template)
  return template
}

/** Of each path that a handler stands on: as many as there are handlers. */
const templates = new Map<string, string>()

function templateOf(path: string): string {
  return /^\/?\*?$/.test(path) && path !== '/' ? 'other' : path.replaceAll(/:(\w+)(?:\{[^}]*\})?\??/g, '{$1}')
}

const FORWARDED = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded', 'x-real-ip', 'via']
const LOOPBACK = /^(?:::ffff:)?127\.|^::1$/

/** A proxy on this machine has the address of this machine, whoever asks it. */
function isDirectFromHere(c: Context): boolean {
  // Called in process, as by a test, there is no socket.
  const bindings = c.env as Partial<HttpBindings> | undefined
  const address = bindings?.incoming?.socket.remoteAddress ?? ''
  return LOOPBACK.test(address) && FORWARDED.every((name) => c.req.header(name) === undefined)
}

/** Digests have one length, so that the comparison takes the same time for each token. */
function hasToken(c: Context, token: string): boolean {
  return timingSafeEqual(digest(bearerOf(c.req.header('authorization')) ?? ''), digest(token))
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
