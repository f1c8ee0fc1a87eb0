import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit } from '../../contract/audit.ts'
import { listApiKeys } from '../../contract/identity.ts'
import type { ErrorEnvelope } from '../../contract/errors.ts'
import { createClient } from '../../contract/client.ts'
import { silentLog } from '../../../test/support/database.ts'
import { ROOT_KEY, startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { createRestApp } from './app.ts'
import { MAX_BODY_BYTES } from '../../contract/operation.ts'

const METADATA = 'Bearer resource_metadata="http://127.0.0.1:7420/.well-known/oauth-protected-resource"'
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
    checks: { database: () => databaseUp },
    publicUrl: 'http://127.0.0.1:7420',
    trustedProxies: ['10.0.0.0/8'],
    mcp: async (_, address) => Response.json({ address }),
  })
})
afterAll(() => node.close())

interface Given {
  readonly method?: string
  readonly body?: NonNullable<RequestInit['body']>
  readonly headers?: Record<string, string>
  /** Address of the socket. */
  readonly from?: string
}
async function ask(
  path: string,
  { method = 'GET', body, headers = {}, from }: Given = {},
): Promise<{ status: number; code: string | undefined; response: Response }> {
  const init: RequestInit = {
    method,
    headers: { authorization: `Bearer ${org.apiKey}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body, duplex: 'half' }),
  }
  const response = await app.request(path, init, { incoming: { socket: { remoteAddress: from } } })
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
    ['JSON that is nested without end', () => post('['.repeat(500_000) + ']'.repeat(500_000)), 400, 'malformed_json'],
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
      () => ask('/v1/me', { headers: { authorization: `Bearer ${mistyped(org.apiKey)}` } }),
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

function mistyped(key: string): string {
  return `${key.slice(0, -1)}${key.endsWith('x') ? 'y' : 'x'}`
}

describe('the headers of an answer', () => {
  const headersOf = async (path: string, given?: Given): Promise<Record<string, string>> =>
    Object.fromEntries((await ask(path, given)).response.headers)

  it('say where the key stands with its limits', async () => {
    const headers = await headersOf('/v1/me')
    expect(headers).toMatchObject({ 'ratelimit-policy': '25000;w=3600, 100000;w=86400', 'ratelimit-limit': '25000' })
    expect(Number(headers['ratelimit-reset'])).toBeLessThanOrEqual(3600)
    const [before, after] = [headers, await headersOf('/v1/runs/another')].map((each) =>
      Number(each['ratelimit-remaining']),
    )
    expect(after).toBeLessThan(before ?? 0)
  })

  it('say where an address stands that sends a wrong key, and how to send one', async () => {
    const headers = await headersOf('/v1/me', { headers: { authorization: 'Bearer wrong' }, from: '203.0.113.1' })
    expect(headers).toMatchObject({
      'www-authenticate': `${METADATA}, error="invalid_token"`,
      'ratelimit-policy': '300;w=900',
    })
    expect(await headersOf('/v1/me', { headers: { authorization: '' } })).toMatchObject({
      'www-authenticate': METADATA,
    })
  })

  it('say when to come again to a key that has used its limit up', async () => {
    const { apiKey } = await node.onboard('tiny')
    const root = { 'x-root-key': ROOT_KEY }
    expect(await ask('/v1/limits/tiny', { method: 'PATCH', body: '{"callsPerHour":1}', headers: root })).toMatchObject({
      status: 200,
    })
    const given = { headers: { authorization: `Bearer ${apiKey}` } }
    expect(await headersOf('/v1/me', given)).toMatchObject({ 'ratelimit-limit': '1', 'ratelimit-remaining': '0' })
    const refused = await ask('/v1/me', given)
    expect([refused.status, refused.code]).toEqual([429, 'rate_limited'])
    const { details } = ((await refused.response.json()) as ErrorEnvelope).error
    expect(Number(refused.response.headers.get('retry-after'))).toBe(details?.['retryAfterSeconds'])
  })

  it('are those that keep a browser safe, whatever is asked', async () => {
    const paths = ['/v1/me', '/v1/runs/another', '/v1/none', '/healthz', '/readyz', '/openapi.json', '/mcp', '/%ff']
    const answers = [
      ...(await Promise.all(paths.map((path) => headersOf(path)))),
      await headersOf('/v1/me', { method: 'POST', body: '{}' }),
      await headersOf('/v1/api-keys/rest', { method: 'POST', body: '[' }),
    ]
    for (const headers of answers) {
      expect(headers).toMatchObject({
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'cache-control': 'no-store',
      })
      expect(headers['content-type']).toMatch(/^application\/json/)
    }
    expect(answers.at(-2)).toMatchObject({ allow: 'GET' })
    const { status, headers, body } = await app.request('/healthz', { method: 'HEAD' })
    expect([status, headers.get('cache-control'), body]).toEqual([200, 'no-store', null])
  })
})

describe('an idempotency key', () => {
  const create = (key: string, name: string) =>
    post(JSON.stringify({ name }), { 'idempotency-key': key, 'content-type': 'application/json' })

  it('gives the first answer again, and says so', async () => {
    const first = await create('one', 'ci')
    const again = await create('one', 'ci')
    expect([first.status, again.status]).toEqual([201, 201])
    expect(await again.response.json()).toEqual(await first.response.json())
    expect(first.response.headers.has('idempotency-replayed')).toBe(false)
    expect(again.response.headers.get('idempotency-replayed')).toBe('true')
    expect(await create('one', 'other')).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
  })

  it('is refused when it is malformed', async () => {
    for (const key of ['', 'a b', 'x'.repeat(256)])
      expect(await create(key, 'ci')).toMatchObject({ status: 400, code: 'validation_failed' })
  })
})

describe('the address of a caller', () => {
  const addressOf = async (from: string | undefined, forwardedFor: string): Promise<string | undefined> => {
    const body = JSON.stringify({ name: 'ci' })
    const headers = { 'x-forwarded-for': forwardedFor }
    const answer = await ask('/v1/api-keys/rest', { method: 'POST', body, headers, ...(from ? { from } : {}) })
    expect(answer.status).toBe(201)
    const [newest] = await org.call(listAudit, { limit: 1 })
    return newest?.address
  }

  it('is that of the socket, or what a trusted proxy says', async () => {
    expect(await addressOf('203.0.113.9', '198.51.100.1')).toBe('203.0.113.9')
    expect(await addressOf('10.1.2.3', '198.51.100.1')).toBe('198.51.100.1')
    expect(await addressOf('2001:db8::1', '')).toBe('2001:db8::/64')
    expect(await addressOf(undefined, '198.51.100.1')).toBe('unknown')
  })

  it('is handed to MCP', async () => {
    const { response } = await ask('/mcp', { from: '10.1.2.3', headers: { 'x-forwarded-for': '198.51.100.1' } })
    expect(await response.json()).toEqual({ address: '198.51.100.1' })
  })

  it('makes a malformed list of proxies fail at the start', () => {
    const options = { caller: node.caller, log: silentLog, checks: {}, publicUrl: '', mcp: async () => new Response() }
    expect(() => createRestApp({ ...options, trustedProxies: ['nowhere'] })).toThrow(TypeError)
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

  it('describes itself', async () => {
    const document = (await (await app.request('/openapi.json')).json()) as { paths: object }
    expect(Object.keys(document.paths)).toContain('/v1/search/{org}')
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
