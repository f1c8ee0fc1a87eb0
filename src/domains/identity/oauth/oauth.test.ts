import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthorizationServer, type AuthorizationServer } from '../../../../test/support/authorization-server.ts'
import { silentLog } from '../../../../test/support/database.ts'
import { ROOT_KEY, startTestNode, testOrg, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { ownOrg } from '../../../../test/support/own-org.ts'
import { listAudit } from '../../../contract/audit.ts'
import { createApiKey, getMe, listApiKeys, revokeApiKey, revokeSelf, rotateApiKey } from '../../../contract/identity.ts'
import { getLimits } from '../../../contract/limits.ts'
import { createProject } from '../../../contract/projects.ts'
import { ALL_SCOPES } from '../../../contract/scopes.ts'
import type { Log } from '../../../kernel/ctx.ts'
import type { KeyTimings } from '../../../platform/jwt/index.ts'
import { createRestApp } from '../../../surfaces/rest/index.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { createTokenAuthenticator, nameOfSubject } from './authenticate-token.ts'

const URL_BASE = 'http://127.0.0.1:7420'
const AUDIENCE = 'https://tenon.example/mcp'
const PERSON = 'someone@example.org'
const TIMINGS: KeyTimings = { timeoutMs: 1_000, cooldownMs: 60_000, retryMs: 0, freshMs: 60_000, staleMs: 60_000 }
const ALL = ALL_SCOPES.join(' ')

let server: AuthorizationServer
let node: TestNode
let acme: TestOrg
let movedMs = 0
const logged: unknown[] = []
const log: Log = {
  ...silentLog,
  info: (...args) => logged.push(args),
  warn: (...args) => logged.push(args),
  error: (...args) => logged.push(args),
  child: () => log,
}
beforeAll(async () => {
  server = await startAuthorizationServer()
  node = await startTestNode({
    log,
    clock: { now: () => new Date(Date.now() + movedMs) },
    oauth: {
      issuer: server.issuer,
      audiences: [AUDIENCE],
      algorithms: ['ES256'],
      orgClaim: 'tenon_org',
      timings: TIMINGS,
    },
  })
  acme = await node.onboard('acme')
  await node.onboard('other')
})
afterAll(async () => {
  await node.close()
  await server.close()
})

const tokenOf = (claims: object = {}): Promise<string> =>
  server.sign({ aud: AUDIENCE, tenon_org: 'acme', scope: ALL, ...claims })
const as = (token: string, slug = 'acme'): TestOrg => testOrg(node.caller, slug, token)

async function restOf({ caller }: TestNode, path: string, token: string, init: RequestInit = {}): Promise<Response> {
  const mcp = () => Promise.reject(new Error('not asked'))
  const app = createRestApp({ caller, log: silentLog, checks: {}, publicUrl: URL_BASE, trustedProxies: [], mcp })
  const given = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    'x-request-id': 'request-of-a-test',
  }
  return app.request(path, { ...init, headers: { ...given, ...(init.headers as Record<string, string>) } })
}
const rest = (path: string, token: string, init?: RequestInit) => restOf(node, path, token, init)

async function limit(slug: string, body: object): Promise<void> {
  const init = { method: 'PATCH', body: JSON.stringify(body), headers: { 'x-root-key': ROOT_KEY } }
  expect((await rest(`/v1/limits/${slug}`, 'x', init)).status).toBe(200)
}

describe('a call with a token', () => {
  it('is one of the organisation that it names, by slug or id, with the scopes that it has', async () => {
    const org = await ownOrg(acme)
    for (const named of ['acme', org.id]) {
      const token = await tokenOf({ tenon_org: named, scope: 'runs:read openid' })
      const me = await as(token).call(getMe, {})
      expect(me).toMatchObject({ org: { id: org.id, slug: 'acme' }, plan: 'team', apiKey: null })
      expect(me.token).toEqual({
        subject: nameOfSubject(server.issuer, PERSON),
        scopes: ['runs:read'],
        expiresAt: expect.stringMatching(/^\d{4}-/),
      })
    }
  })

  it('does nothing that its scopes do not allow, and is told what is missing', async () => {
    const none = await tokenOf({ scope: 'openid profile' })
    expect(await as(none).error(listApiKeys, {})).toMatchObject({
      code: 'forbidden',
      details: { scope: 'api-keys:read' },
    })
    const { status, headers } = await rest('/v1/api-keys/acme', none)
    expect([status, headers.get('www-authenticate')]).toEqual([
      403,
      `Bearer resource_metadata="${URL_BASE}/.well-known/oauth-protected-resource", error="insufficient_scope", scope="api-keys:read"`,
    ])
  })

  it('does not reach another organisation', async () => {
    const token = await tokenOf()
    const answers = await Promise.all(
      ['other', 'nowhere'].map(async (slug) => {
        const response = await rest(`/v1/api-keys/${slug}`, token)
        return [response.status, await response.text()]
      }),
    )
    expect(answers[0]).toEqual(answers[1])
    expect(answers[0]?.[0]).toBe(404)
  })

  it('is counted on its organisation, and refused when the limit of it is reached', async () => {
    const org = await node.onboard('counted')
    const token = await tokenOf({ tenon_org: 'counted' })
    const used = async () => (await org.call(getLimits, {})).used.callsPerHour
    const before = await used()
    for (let n = 0; n < 3; n++) await as(token, 'counted').call(getMe, {})
    expect(await used()).toBe(before + 4)
    await limit('counted', { callsPerHour: 1 })
    // Heard, although the token was verified a moment ago.
    await expect.poll(async () => (await rest('/v1/me', token)).status, { timeout: 5_000 }).toBe(429)
    expect(await as(token, 'counted').error(getMe, {})).toMatchObject({ details: { window: 'hour', limit: 1 } })
  })

  it('stands in the audit trail by a name that is always the same, and is not that of the person', async () => {
    const subject = nameOfSubject(server.issuer, PERSON)
    expect(subject).toMatch(/^oauth_[0-9A-Za-z]{22}$/)
    expect(nameOfSubject('https://another.example', PERSON)).not.toBe(subject)
    for (const name of ['first', 'second']) await as(await tokenOf()).call(createProject, { name })
    const entries = await acme.call(listAudit, { action: 'projects.create', limit: 2 })
    expect(entries.map(({ actor }) => actor)).toEqual([subject, subject])
    await as(await tokenOf({ scope: '' })).error(createProject, { name: 'third' })
    expect(await acme.call(listAudit, { limit: 1 })).toMatchObject([
      { outcome: 'refused', code: 'forbidden', actor: subject },
    ])
    const kept = await node.database.query<{ entry: string }>('select entry from audit_entries')
    expect(kept.filter(({ entry }) => entry.includes('someone'))).toEqual([])
  })

  it('leaves neither the token nor the person in the log', async () => {
    logged.length = 0
    const token = await tokenOf()
    await as(token).call(getMe, {})
    await as(`${token}x`).error(getMe, {})
    await as(await tokenOf({ aud: 'elsewhere' })).error(getMe, {})
    const text = JSON.stringify(logged)
    expect(text).toContain(nameOfSubject(server.issuer, PERSON))
    expect(text).toContain('its aud is not accepted')
    for (const secret of [token, token.split('.')[2] ?? '', 'someone@', 'elsewhere']) expect(text).not.toContain(secret)
  })
})

describe('a token is refused, with the bytes of any wrong credential,', () => {
  const answerTo = async (token: string): Promise<object> => {
    const response = await rest('/v1/me', token)
    return [response.status, await response.text(), response.headers.get('www-authenticate')]
  }
  const wrongAnswer = (): Promise<object> => answerTo('tn_live_wrong')

  it.each([
    ['its organisation is not there', () => tokenOf({ tenon_org: 'nowhere' })],
    ['it is for somebody else', () => tokenOf({ aud: 'https://another.example' })],
    ['its signature is wrong', async () => `${await tokenOf()}AA`],
    ['its key is unknown', () => server.sign({ aud: AUDIENCE, tenon_org: 'acme' }, { header: { kid: 'unknown' } })],
  ])('when %s', async (_, make) => {
    const answer = await answerTo(await make())
    expect(answer).toEqual(await wrongAnswer())
    expect(answer).toMatchObject([401, expect.anything(), expect.stringContaining('error="invalid_token"')])
  })

  it('when it has ended since it was verified', async () => {
    const token = await tokenOf()
    await as(token).call(getMe, {})
    movedMs = 361_000
    expect(await answerTo(token)).toEqual(await wrongAnswer())
    movedMs = 0
    await as(token).call(getMe, {})
  })

  it('when its organisation has gone since it was verified', async () => {
    await node.onboard('going')
    const token = await tokenOf({ tenon_org: 'going' })
    await as(token, 'going').call(getMe, {})
    await node.database.query("delete from organizations where slug = 'going'")
    await expect.poll(async () => (await rest('/v1/me', token)).status, { timeout: 5_000 }).toBe(401)
    expect(await answerTo(token)).toEqual(await wrongAnswer())
  })

  it('when its organisation has gone and the node can not have heard of it', async () => {
    await node.onboard('silent')
    let current = true
    const settings = {
      issuer: server.issuer,
      audiences: [AUDIENCE],
      algorithms: ['ES256'],
      orgClaim: 'tenon_org',
    } as const
    const deaf = createTokenAuthenticator({
      db: node.database.db,
      settings,
      clock: systemClock,
      log: silentLog,
      isCurrent: () => current,
    })
    const token = await tokenOf({ tenon_org: 'silent' })
    expect(await deaf.authenticate(token)).toMatchObject({ state: 'valid' })
    await node.database.query("delete from organizations where slug = 'silent'")
    // It is remembered.
    expect(await deaf.authenticate(token)).toMatchObject({ state: 'valid' })
    current = false
    expect(await deaf.authenticate(token)).toBe(null)
  })

  it('by a node that has no issuer', async () => {
    const without = await startTestNode()
    await without.onboard('acme')
    expect(await testOrg(without.caller, 'acme', await tokenOf()).error(getMe, {})).toMatchObject({
      code: 'invalid_api_key',
    })
    await without.close()
  })
})

it('a token that nobody can verify at the moment is not called wrong', async () => {
  const elsewhere = await startAuthorizationServer()
  elsewhere.mode = 'broken'
  const oauth = {
    issuer: elsewhere.issuer,
    audiences: [AUDIENCE],
    algorithms: ['ES256'],
    orgClaim: 'tenon_org',
  } as const
  const cut = await startTestNode({ oauth: { ...oauth, timings: TIMINGS } })
  await cut.onboard('acme')
  const token = await elsewhere.sign({ aud: AUDIENCE, tenon_org: 'acme' })
  const response = await restOf(cut, '/v1/me', token)
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
  expect(await response.json()).toMatchObject({ error: { code: 'unavailable' } })
  elsewhere.mode = 'well'
  expect(await testOrg(cut.caller, 'acme', token).call(getMe, {})).toMatchObject({ org: { slug: 'acme' } })
  await cut.close()
  await elsewhere.close()
})

describe('a key made with a token', () => {
  it('may do no more than the token, and ends with it', async () => {
    const maker = as(await tokenOf({ scope: 'api-keys:write runs:read' }))
    const { token } = await maker.call(getMe, {})
    const made = await maker.call(createApiKey, { name: 'made' })
    expect(made).toMatchObject({
      scopes: ['api-keys:write', 'runs:read'],
      expiresAt: token?.expiresAt,
      callsPerHour: null,
    })
    expect(await as(made.secret).call(getMe, {})).toMatchObject({ apiKey: { id: made.id }, token: null })
    expect(await maker.error(createApiKey, { name: 'more', scopes: ['audit:read'] })).toMatchObject({
      code: 'forbidden',
      details: { scope: 'audit:read' },
    })
    const later = new Date(Date.now() + 86_400_000).toISOString()
    expect(await maker.error(createApiKey, { name: 'longer', expiresAt: later })).toMatchObject({
      code: 'validation_failed',
    })
    const rows = await node.database.query<{ by: string }>(
      `select created_by as by from api_keys where id = '${made.id}'`,
    )
    expect(rows).toEqual([{ by: token?.subject }])
  })

  it('can be revoked with it, but neither is a token revoked, nor a lasting key rotated', async () => {
    const holder = as(await tokenOf())
    const { id } = await holder.call(createApiKey, { name: 'short' })
    expect((await holder.call(revokeApiKey, { key: id })).revokedAt).not.toBeNull()
    const { apiKey } = await acme.call(getMe, {})
    expect(await holder.error(rotateApiKey, { key: apiKey?.id ?? '' })).toMatchObject({
      code: 'forbidden',
      details: { beyond: 'expiresAt' },
    })
    expect(await holder.error(revokeSelf, {})).toMatchObject({ code: 'forbidden', details: { needs: 'api_key' } })
    expect((await ownOrg(holder)).slug).toBe('acme')
  })

  it('is given again to a repeat with the same token alone', async () => {
    const create = (token: string) =>
      rest('/v1/api-keys/acme', token, {
        method: 'POST',
        body: '{"name":"repeated"}',
        headers: { 'idempotency-key': 'of-a-token' },
      })
    const token = await tokenOf()
    const first = await create(token)
    expect(first.status).toBe(201)
    const repeat = await create(token)
    expect([await repeat.json(), repeat.headers.get('idempotency-replayed')]).toEqual([await first.json(), 'true'])
    for (const other of [await tokenOf({ jti: 'next' }), await tokenOf({ sub: 'somebody else' }), acme.apiKey]) {
      const refused = await create(other)
      expect(await refused.json()).toMatchObject({ error: { code: 'idempotency_key_reused' } })
    }
  })
})
