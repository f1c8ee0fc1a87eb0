import { SpanKind } from '@opentelemetry/api'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { parentOf, recordSpans } from '../../../test/support/record-spans.ts'
import { traced } from '../../kernel/trace.ts'
import { tracedFetch } from './traced-fetch.ts'

const server = createServer((request, response) => {
  response.writeHead(request.url?.startsWith('/absent') === true ? 404 : 200).end('answer')
})
let url = ''
beforeAll(async () => {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

it('what a call asks of others is a span inside of its own, with the host and none of the rest of the address', async () => {
  const [first, second, call] = await recordSpans(() =>
    traced('call', {}, async () => {
      expect(await (await tracedFetch(`${url}/there?q=hidden`)).text()).toBe('answer')
      expect((await tracedFetch(`${url}/absent/hidden`, { method: 'POST' })).status).toBe(404)
    }),
  )
  expect(first).toMatchObject({ name: 'GET', kind: SpanKind.CLIENT, status: { code: 0 } })
  expect(first?.attributes).toEqual({
    'http.request.method': 'GET',
    'server.address': '127.0.0.1',
    'http.response.status_code': 200,
  })
  expect(second).toMatchObject({ name: 'POST', status: { message: '404' } })
  for (const span of [first, second]) expect(parentOf(span)).toBe(call?.spanContext().spanId)
  expect(JSON.stringify([first?.attributes, second?.attributes])).not.toContain('hidden')
})

it('outside of a trace it makes none, and what can not be reached is a failed one', async () => {
  expect(await recordSpans(async () => void (await tracedFetch(url)))).toEqual([])
  const [failed] = await recordSpans(() =>
    traced('call', {}, async () => {
      await expect(tracedFetch('http://127.0.0.1:1')).rejects.toThrow('fetch failed')
    }),
  )
  expect(failed).toMatchObject({ name: 'GET', status: { message: 'internal' } })
})
