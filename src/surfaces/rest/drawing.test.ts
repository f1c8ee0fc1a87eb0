import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { createClient, type ApiError } from '../../contract/client.ts'
import { searchDependencies } from '../../contract/graph.ts'
import { errorEnvelope, TenonError } from '../../kernel/tenon-error.ts'
import type { Outcome } from '../../kernel/run-operation.ts'
import { createRestApp } from './app.ts'
import { openApiDocument } from './openapi.ts'

/** An app whose every call ends in the same way, and a client of it. */
function surfaceOf(outcome: Outcome) {
  const app = createRestApp({
    caller: { call: async () => outcome },
    log: silentLog,
    checks: {},
    publicUrl: 'http://127.0.0.1:7420',
    trustedProxies: [],
    mcp: async () => new Response(),
  })
  const accepted: (string | null)[] = []
  const client = createClient({
    url: 'http://127.0.0.1:7420',
    org: 'acme',
    fetch: async (input, init) => {
      const request = new Request(input, init)
      accepted.push(request.headers.get('accept'))
      return app.request(request)
    },
  })
  const ask = (query: string): Promise<Response> => Promise.resolve(app.request(`/v1/dependencies/acme?${query}`))
  return { ask, client, accepted }
}

const done = { ok: true, status: 200, rate: null, replayed: false, envelope: { data: null } } as const
const svg: Outcome = { ...done, drawing: { format: 'svg', text: '<svg>ü</svg>' } }
const input = { repository: 'tenon', path: 'a.ts' } as const

describe('a drawing over REST', () => {
  it('is the bare text with its media type, as safe as every answer', async () => {
    const response = await surfaceOf(svg).ask('repository=tenon&path=a.ts&format=svg')
    expect(await response.text()).toBe('<svg>ü</svg>')
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'image/svg+xml; charset=utf-8',
      'content-disposition': 'inline; filename="dependencies.svg"',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^req_/),
    })
    const dot = await surfaceOf({ ...done, drawing: { format: 'dot', text: 'digraph {}' } }).ask('format=dot')
    expect(dot.headers.get('content-type')).toBe('text/vnd.graphviz; charset=utf-8')
  })

  it('is an envelope when it fails', async () => {
    const envelope = errorEnvelope(new TenonError('search_too_slow'), 'req-1234')
    const failed: Outcome = { ok: false, status: 422, code: 'search_too_slow', rate: null, envelope }
    const response = await surfaceOf(failed).ask('format=svg')
    expect(response.headers.get('content-type')).toMatch(/^application\/json/)
    expect([response.status, await response.json()]).toEqual([422, envelope])
    const thrown: Partial<ApiError> = { code: 'search_too_slow', status: 422, requestId: 'req-1234' }
    await expect(surfaceOf(failed).client.draw(searchDependencies, { ...input, format: 'svg' })).rejects.toMatchObject(
      thrown,
    )
  })

  it('reaches the typed client as text with its media type', async () => {
    const { client, accepted } = surfaceOf(svg)
    const drawn = await client.draw(searchDependencies, { ...input, format: 'svg' })
    expect(drawn).toEqual({ text: '<svg>ü</svg>', mediaType: 'image/svg+xml' })
    expect(accepted).toEqual(['image/svg+xml, application/json'])
  })

  it('is no answer of a server that knows nothing of it', async () => {
    const { client } = surfaceOf({ ...done, envelope: { data: {} } })
    await expect(client.draw(searchDependencies, { ...input, format: 'svg' })).rejects.toMatchObject({
      code: 'internal',
    })
  })

  it('stands in the OpenAPI document beside the envelope', () => {
    const { paths } = openApiDocument('http://127.0.0.1:7420') as {
      paths: Record<string, { get: { responses: Record<string, { content: object }> } }>
    }
    const answer = paths['/v1/dependencies/{org}']?.get.responses['200']
    expect(Object.keys(answer?.content ?? {})).toEqual(['application/json', 'image/svg+xml', 'text/vnd.graphviz'])
  })
})
