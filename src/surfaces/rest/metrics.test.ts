import { afterEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { listen, type Listening } from './listen.ts'
import type { RequestMetrics } from './metrics.ts'
import { createProbeApp } from './probes.ts'

const opened: Listening[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((one) => one.close(0)))
})

async function start(options: { metricsToken?: string; database?: boolean; host?: string } = {}) {
  const seen: Parameters<RequestMetrics['requestEnded']>[0][] = []
  const metrics: RequestMetrics = {
    requestEnded: (request) => void seen.push(request),
    page: async () => ({ contentType: 'text/plain', text: 'a_metric 1\n' }),
  }
  const { metricsToken, database = true, host = '127.0.0.1' } = options
  const app = createProbeApp({ checks: { database: () => database }, log: silentLog, metrics, metricsToken })
  const listening = await listen(app, { host, port: 0 })
  opened.push(listening)
  const ask = async (path: string, headers: Record<string, string> = {}, method = 'GET') => {
    const response = await fetch(`${listening.url}${path}`, { headers, method })
    return { status: response.status, body: await response.text() }
  }
  return { ask, seen }
}

const SHOWN = { status: 200, body: 'a_metric 1\n' }

describe('the page of metrics', () => {
  it('is shown to this machine, over IPv4 and IPv6, and not through a proxy that stands on it', async () => {
    for (const host of ['127.0.0.1', '::1']) {
      const { ask } = await start({ host })
      expect(await ask('/metrics')).toEqual(SHOWN)
      for (const name of ['X-Forwarded-For', 'forwarded', 'X-Real-IP', 'x-forwarded-proto', 'via'])
        for (const value of ['127.0.0.1', ''])
          expect(await ask('/metrics', { [name]: value })).toMatchObject({ status: 404 })
    }
  })

  it('is shown to who has the token, through any proxy, and to nobody else when there is one', async () => {
    const { ask } = await start({ metricsToken: 'token-of-the-scraper' })
    const authorization = 'Bearer token-of-the-scraper'
    expect(await ask('/metrics', { authorization })).toEqual(SHOWN)
    expect(await ask('/metrics', { authorization, 'x-forwarded-for': '192.0.2.1' })).toEqual(SHOWN)
    for (const headers of [
      {},
      { authorization: 'Bearer token-of-the-scrape' },
      { 'x-api-key': 'token-of-the-scraper' },
    ])
      expect(await ask('/metrics', headers)).toMatchObject({ status: 404 })
  })

  it('is refused in the envelope of any path that is not there', async () => {
    const { ask } = await start({ metricsToken: 'token-of-the-scraper' })
    const headers = { 'x-request-id': 'the-same-each-time' }
    const refused = await ask('/metrics', headers)
    expect(refused).toEqual(await ask('/nowhere', headers))
    expect(JSON.parse(refused.body)).toMatchObject({ error: { code: 'not_found', requestId: 'the-same-each-time' } })
  })
})

describe('what answers no calls', () => {
  it('says how it is', async () => {
    const { ask } = await start({ database: false })
    expect(await ask('/healthz')).toMatchObject({ status: 200 })
    expect(await ask('/readyz')).toMatchObject({ status: 503 })
    expect(await ask('/v1/me')).toMatchObject({ status: 404 })
  })

  it('counts requests by the template of their route, and what has none as other', async () => {
    const { ask, seen } = await start()
    await ask('/healthz')
    await ask('/metrics')
    await ask('/metrics', { forwarded: 'for=192.0.2.1' })
    await ask('/random/1')
    await ask('/', {}, 'POST')
    expect(seen.map(({ method, route, status }) => [method, route, status])).toEqual([
      ['GET', '/healthz', 200],
      ['GET', '/metrics', 200],
      ['GET', '/metrics', 404],
      ['GET', 'other', 404],
      ['POST', 'other', 404],
    ])
  })
})
