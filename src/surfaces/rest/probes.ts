import { Hono } from 'hono'
import type { Log } from '../../kernel/ctx.ts'
import { TenonError, toTenonError } from '../../kernel/tenon-error.ts'
import { ALIVE, createReadiness, type Checks } from './health.ts'
import { addMetrics, type MetricsOptions } from './metrics.ts'
import { refuse } from './refuse.ts'
import { respond } from './respond.ts'

export interface ProbeOptions extends MetricsOptions {
  readonly checks: Checks
  readonly log: Log
}

/** What a process that answers no calls shows to whoever watches it: health and metrics. */
export function createProbeApp({ checks, log, ...metrics }: ProbeOptions): Hono {
  const app = new Hono()
  addMetrics(app, metrics)
  addHealth(app, checks)
  app.notFound((c) => refuse(c, new TenonError('not_found')))
  app.onError((thrown, c) => {
    const error = toTenonError(thrown)
    log.error({ err: error }, 'a request failed')
    return refuse(c, error)
  })
  return app
}

export function addHealth(app: Hono, checks: Checks): void {
  const alive = JSON.stringify(ALIVE)
  app.get('/healthz', () => respond(200, alive))
  const readiness = createReadiness(checks)
  app.get('/readyz', async () => {
    const health = await readiness()
    return respond(health.status === 'ok' ? 200 : 503, JSON.stringify(health))
  })
}
