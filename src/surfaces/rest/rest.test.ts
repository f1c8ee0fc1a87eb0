import { createConfig, lintFromString } from '@redocly/openapi-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listApiKeys } from '../../contract/identity.ts'
import type { ErrorEnvelope } from '../../contract/errors.ts'
import { createClient } from '../../contract/client.ts'
import { silentLog } from '../../../test/support/database.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { createRestApp } from './app.ts'
import { MAX_BODY_BYTES } from './read-body.ts'

let node: TestNode
let org: TestOrg
let app: ReturnType<typeof createRestApp>
let databaseUp = true
beforeAll(async () => {
  node = await startTestNode()
  org = await node.onboard('rest')
  app = createRestApp({
    caller: node.caller,
    log: silentLog,
    checks: async () => ({ database: databaseUp }),
    publicUrl: 'http://127.0.0.1:7420',
    mcp: async () => new Response(null, { status: 404 }),
  })
})
afterAll(() => node.close())

interface Given {
  readonly method?: string
  readonly body?: NonNullable<RequestInit['body']>
  readonly headers?: Record<string, string>
}
async function ask(
  path: string,
  { method = 'GET', body, headers = {} }: Given = {},
): Promise<{ status: number; code: string | undefined; response: Response }> {
  const response = await app.request(path, {
    method,
    headers: { authorization: `Bearer ${org.apiKey}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  })
  const answer = (await response.clone().json()) as Partial<ErrorEnvelope>
  return { status: response.status, code: answer.error?.code, response }
}
const post = (body: NonNullable<RequestInit['body']>, headers?: Record<string, string>) =>
  ask('/v1/api-keys/rest', { method: 'POST', body, ...(headers ? { headers } : {}) })

describe('a bad request', () => {
  const many = 'x'.repeat(MAX_BODY_BYTES + 1)
  const cases: readonly (readonly [string, () => ReturnType<typeof ask>, number, string])[] = [
    ['broken JSON', () => post('{"name":'), 400, 'malformed_json'],
    ['bytes that are no UTF-8', () => post(new Uint8Array([0x7b, 0xff, 0x7d])), 400, 'malformed_json'],
    ['no object', () => post('[]'), 400, 'validation_failed'],
    ['an unknown field', () => post('{"name":"a","extra":1}'), 400, 'validation_failed'],
    ['a wrong type', () => post('{"name":1}'), 400, 'validation_failed'],
    ['a text that is too long', () => post(JSON.stringify({ name: 'x'.repeat(81) })), 400, 'validation_failed'],
    ['a NUL', () => post(JSON.stringify({ name: 'a\0b' })), 400, 'validation_failed'],
    [
      'another content type',
      () => post('{"name":"a"}', { 'content-type': 'text/plain' }),
      415,
      'unsupported_media_type',
    ],
    ['a body over the limit', () => post(many), 413, 'payload_too_large'],
    ['a streamed body over the limit', () => post(new Blob([many]).stream()), 413, 'payload_too_large'],
    ['an unknown query field', () => ask('/v1/runs/rest?nope=1'), 400, 'validation_failed'],
    ['a field given twice', () => ask('/v1/runs/rest?limit=1&limit=2'), 400, 'validation_failed'],
    ['a malformed cursor', () => ask('/v1/runs/rest?cursor=%7B%7D'), 400, 'invalid_cursor'],
    ['a line break in a search', () => ask('/v1/search/rest?q=a%0Ab'), 400, 'validation_failed'],
    ['a malformed organisation', () => ask('/v1/runs/%00'), 404, 'not_found'],
    ['an unknown address', () => ask('/v1/nothing'), 404, 'not_found'],
    ['another method', () => ask('/v1/me', { method: 'DELETE' }), 405, 'method_not_allowed'],
    ['no key', () => ask('/v1/me', { headers: { authorization: '' } }), 401, 'unauthenticated'],
    [
      'a key with a typing error',
      () => ask('/v1/me', { headers: { authorization: `Bearer ${org.apiKey.slice(0, -1)}x` } }),
      401,
      'invalid_api_key',
    ],
  ]
  for (const [name, make, status, code] of cases) {
    it(`(${name}) is answered ${status} ${code}`, async () => {
      const answer = await make()
      expect([answer.status, answer.code]).toEqual([status, code])
      expect(answer.response.headers.get('x-request-id')).toBeTruthy()
    })
  }

  it('writes nothing', async () => {
    expect((await org.call(listApiKeys, {})).length).toBe(1)
  })
})

describe('the REST surface', () => {
  it('keeps a well-formed request id and replaces another', async () => {
    const given = await ask('/v1/me', { headers: { 'x-request-id': 'abc-12345678' } })
    expect(given.response.headers.get('x-request-id')).toBe('abc-12345678')
    const bad = await ask('/v1/me', { headers: { 'x-request-id': 'a b' } })
    expect(bad.response.headers.get('x-request-id')).toMatch(/^req_/)
  })

  it('takes the key by either header', async () => {
    expect((await ask('/v1/me', { headers: { authorization: '', 'x-api-key': org.apiKey } })).status).toBe(200)
  })

  it('says whether it lives and whether it is ready', async () => {
    expect(await (await app.request('/readyz')).json()).toEqual({
      status: 'ok',
      version: '0.1.0',
      api_version: '1',
      checks: { database: 'ok' },
    })
    databaseUp = false
    expect((await app.request('/readyz')).status).toBe(503)
    expect((await app.request('/healthz')).status).toBe(200)
    databaseUp = true
  })

  it('describes itself in a document that a linter accepts', async () => {
    const source = await (await app.request('/openapi.json')).text()
    const problems = await lintFromString({ source, config: await createConfig({ extends: ['recommended'] }) })
    expect(
      problems
        .filter(({ severity }) => severity === 'error')
        .map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
    ).toEqual([])
    expect(Object.keys((JSON.parse(source) as { paths: object }).paths)).toContain('/v1/search/{org}')
  })

  it('serves the typed client, which throws the code that was answered', async () => {
    const client = createClient({
      url: 'http://127.0.0.1',
      apiKey: org.apiKey,
      org: 'rest',
      fetch: (async (url: URL, init: RequestInit) => app.request(url.href, init)) as typeof fetch,
    })
    expect((await client.call(listApiKeys, { limit: 1 })).meta?.pagination.limit).toBe(1)
    await expect(client.call(listApiKeys, { org: 'other' })).rejects.toMatchObject({ code: 'not_found', status: 404 })
  })
})
