import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT_KEY as ROOT, startTestNode, type TestNode } from '../../../test/support/node.ts'
import * as contract from '../../contract/identity.ts'
import type { Operation } from '../../contract/operation.ts'
import { isWellFormed, newSecret } from './key-format.ts'

let test: TestNode
interface Held {
  org: { id: string; slug: string }
  apiKey: { id: string; secret: string }
}
let acme: Held
let other: Held

type Parts = { params?: object; query?: object; body?: object }
async function call<T = Record<string, unknown>>(operation: Operation, credential: string, parts: Parts = {}) {
  const credentials = credential === ROOT ? { rootKey: credential } : { apiKey: credential }
  const input = { params: { ...parts.params }, query: { ...parts.query }, body: { ...parts.body } }
  const signal = new AbortController().signal
  const outcome = await test.caller.call(operation, {
    credentials,
    input,
    requestId: 'req-12345678',
    signal,
    address: '192.0.2.1',
  })
  return outcome.ok
    ? { status: outcome.status, code: null, data: outcome.envelope.data as T, meta: outcome.envelope.meta }
    : { status: outcome.status, code: outcome.code, data: {} as T, meta: undefined }
}
const onboard = (slug: string) => call<Held>(contract.onboardOrganization, ROOT, { body: { slug, name: slug } })

beforeAll(async () => {
  test = await startTestNode()
  acme = (await onboard('acme')).data
  other = (await onboard('other')).data
})
afterAll(() => test.close())

describe('an organisation', () => {
  it('is made once per slug, also when two are made at the same moment', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => onboard('raced')))
    expect(outcomes.map(({ code }) => code).filter((code) => code === null)).toHaveLength(1)
    expect(outcomes.filter(({ code }) => code === 'organization_exists')).toHaveLength(3)
    const keys = await test.database.query(
      "select from api_keys join organizations using (org_id) where slug = 'raced'",
    )
    expect(keys).toHaveLength(1)
  })

  it('is made with the root key only', async () => {
    const body = { slug: 'nope', name: 'nope' }
    expect((await call(contract.onboardOrganization, acme.apiKey.secret, { body })).code).toBe('unauthenticated')
  })
})

describe('a key', () => {
  it('says whom it belongs to, without its secret', async () => {
    const { data } = await call(contract.getMe, acme.apiKey.secret)
    expect(data).toMatchObject({ org: { slug: 'acme' }, apiKey: { id: acme.apiKey.id } })
    expect(JSON.stringify(data)).not.toContain(acme.apiKey.secret)
  })

  it('is refused when it is mistyped, unknown or empty', async () => {
    const mistyped = `${acme.apiKey.secret.slice(0, -1)}${acme.apiKey.secret.endsWith('a') ? 'b' : 'a'}`
    for (const secret of [mistyped, newSecret().secret, 'x'])
      expect((await call(contract.getMe, secret)).code).toBe('invalid_api_key')
    expect((await call(contract.getMe, '')).code).toBe('unauthenticated')
    expect([isWellFormed(acme.apiKey.secret), isWellFormed(mistyped)]).toEqual([true, false])
  })

  it('is nowhere in the database', async () => {
    const rows = await test.database.query<{ row: string }>('select row_to_json(k)::text as row from api_keys k')
    expect(rows.some(({ row }) => row.includes(acme.apiKey.secret.slice(14)))).toBe(false)
  })

  it('makes keys with its own scopes at most', async () => {
    const body = { name: 'limited', scopes: ['api-keys:write', 'runs:read'] }
    const limited = await call<{ secret: string }>(contract.createApiKey, acme.apiKey.secret, { body })
    expect(limited).toMatchObject({ status: 201, data: { scopes: body.scopes } })
    const more = { body: { name: 'more', scopes: ['search:read'] } }
    expect((await call(contract.createApiKey, limited.data.secret, more)).code).toBe('forbidden')
    const same = await call(contract.createApiKey, limited.data.secret, { body: { name: 'same' } })
    expect(same.data['scopes']).toEqual(body.scopes)
    expect((await call(contract.listApiKeys, limited.data.secret)).code).toBe('forbidden')
  })

  it('does not reach another organisation, by path or by id', async () => {
    const foreign = { params: { org: 'other' } }
    expect((await call(contract.listApiKeys, acme.apiKey.secret, foreign)).code).toBe('not_found')
    const key = { params: { org: 'acme', key: other.apiKey.id } }
    expect((await call(contract.revokeApiKey, acme.apiKey.secret, key)).code).toBe('not_found')
    expect((await call(contract.getMe, other.apiKey.secret)).status).toBe(200)
  })

  it('is refused once revoked, and revoking it again changes nothing', async () => {
    const made = await call<Held['apiKey']>(contract.createApiKey, acme.apiKey.secret, { body: { name: 'short' } })
    const key = { params: { key: made.data.id } }
    const first = await call(contract.revokeApiKey, acme.apiKey.secret, key)
    const second = await call(contract.revokeApiKey, acme.apiKey.secret, key)
    expect(first.data['revokedAt']).toEqual(expect.any(String))
    expect(second.data).toEqual(first.data)
    expect((await call(contract.getMe, made.data.secret)).code).toBe('invalid_api_key')
  })
})

describe('the list of keys', () => {
  it('is complete over its pages, newest first, and refuses a cursor that it did not give', async () => {
    for (let i = 0; i < 5; i++) await call(contract.createApiKey, other.apiKey.secret, { body: { name: `k${i}` } })
    const seen: string[] = []
    let cursor: string | null = null
    do {
      const query: object = { limit: 2, ...(cursor === null ? {} : { cursor }) }
      const page = await call<{ name: string }[]>(contract.listApiKeys, other.apiKey.secret, { query })
      seen.push(...page.data.map(({ name }) => name))
      cursor = page.meta?.pagination.nextCursor ?? null
    } while (cursor !== null)
    expect(seen).toEqual(['k4', 'k3', 'k2', 'k1', 'k0', expect.any(String)])
    const wrong = { query: { cursor: 'bm90aGluZw' } }
    expect((await call(contract.listApiKeys, other.apiKey.secret, wrong)).code).toBe('invalid_cursor')
  })
})
