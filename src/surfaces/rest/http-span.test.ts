import { SpanKind } from '@opentelemetry/api'
import { Hono } from 'hono'
import { expect, it } from 'vitest'
import { parentOf, recordSpans } from '../../../test/support/record-spans.ts'
import { httpSpan } from './http-span.ts'

const SPAN = '00f067aa0ba902b7'
const app = new Hono()
  .use(httpSpan)
  .get('/v1/things/:org/:thing', () => new Response('{}'))
  .all('/mcp', () => new Response('{}', { status: 401 }))
  .get('/broken', () => {
    throw new Error('secret text')
  })
  .get('/healthz', () => new Response('{}'))
  .get('/readyz', () => new Response('{}'))
  .onError(() => new Response('{}', { status: 500 }))

async function spanOf(path: string, init: RequestInit = {}) {
  const spans = await recordSpans(async () => app.request(path, init))
  expect(spans.length).toBe(1)
  return spans[0]
}

it('a request is a span of its route, which says nothing of what stands in the address', async () => {
  const span = await spanOf('/v1/things/acme/secret?q=searched')
  expect(span).toMatchObject({ name: 'GET /v1/things/{org}/{thing}', kind: SpanKind.SERVER })
  expect(span?.attributes).toEqual({
    'http.request.method': 'GET',
    'http.route': '/v1/things/{org}/{thing}',
    'url.path': '/v1/things/{org}/{thing}',
    'url.scheme': 'http',
    'http.response.status_code': 200,
  })
})

it('a request that no route is for has none, whatever its method', async () => {
  const unknown = await spanOf('/v2/acme', { method: 'PROPFIND' })
  expect(unknown?.name).toBe('_OTHER')
  expect(unknown?.attributes).toEqual({
    'http.request.method': '_OTHER',
    'url.scheme': 'http',
    'http.response.status_code': 404,
  })
})

it('only a failure of the server is an error of its span', async () => {
  expect(await spanOf('/mcp', { method: 'POST' })).toMatchObject({ name: 'POST /mcp', status: { code: 0 } })
  expect(await spanOf('/broken')).toMatchObject({
    name: 'GET /broken',
    status: { code: 2, message: '500' },
    attributes: { 'error.type': '500' },
    events: [],
  })
})

it('a trace that the caller has begun goes on, and one that can not be read does not', async () => {
  const given = `00-4bf92f3577b34da6a3ce929d0e0e4736-${SPAN}-01`
  expect(parentOf(await spanOf('/mcp', { headers: { traceparent: given } }))).toBe(SPAN)
  expect(parentOf(await spanOf('/mcp', { headers: { traceparent: `${given}-01` } }))).toBe(undefined)
})

it('probes are no spans', async () => {
  expect(
    await recordSpans(async () => {
      await app.request('/healthz')
      await app.request('/readyz')
    }),
  ).toEqual([])
})
