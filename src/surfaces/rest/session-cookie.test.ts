import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { startTestNode, type TestNode } from '../../../test/support/node.ts'
import { newPerson, PASSWORD, type SignedIn } from '../../../test/support/people.ts'
import { createRestApp } from './index.ts'
import { sessionCookie } from './session-cookie.ts'

const OWN = 'https://tenon.example'
let node: TestNode
let ada: SignedIn
let app: ReturnType<typeof createRestApp>
beforeAll(async () => {
  node = await startTestNode()
  ada = await newPerson(node, 'ada@example.com')
  const mcp = () => Promise.resolve(new Response(null, { status: 404 }))
  app = createRestApp({ caller: node.caller, log: silentLog, checks: {}, publicUrl: OWN, trustedProxies: [], mcp })
})
afterAll(() => node.close())

const post = (path: string, body: object | null, headers: Record<string, string> = {}) =>
  app.request(path, {
    method: 'POST',
    headers: { ...(body === null ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === null ? {} : { body: JSON.stringify(body) }),
  })

async function signedIn(): Promise<string> {
  const response = await post('/v1/sessions', { email: ada.email, password: PASSWORD, cookie: true })
  expect(response.status).toBe(201)
  return response.headers.get('set-cookie') ?? ''
}

describe('the cookie of a session', () => {
  it('is for this host over https, for no script, and not in the answer', async () => {
    const cookie = await signedIn()
    expect(cookie).toMatch(/^__Host-tenon_session=tn_session_[\w-]+; Path=\/; HttpOnly; SameSite=Lax; Secure; Expires=/)
    expect(cookie).not.toContain('Domain')
    const bearer = await post('/v1/sessions', { email: ada.email, password: PASSWORD })
    expect(bearer.headers.get('set-cookie')).toBeNull()
  })

  it('signs in, and signing out makes the browser forget it and the server refuse it', async () => {
    const [cookie = ''] = (await signedIn()).split(';')
    expect((await app.request('/v1/sessions', { headers: { cookie } })).status).toBe(200)
    const out = await post('/v1/sessions/end', null, { cookie, origin: OWN })
    expect(out.status).toBe(200)
    expect(out.headers.get('set-cookie')).toMatch(/^__Host-tenon_session=; .*Max-Age=0/)
    expect((await app.request('/v1/sessions', { headers: { cookie } })).status).toBe(401)
  })

  it('changes nothing for a page of another site, whatever it sends', async () => {
    const [cookie = ''] = (await signedIn()).split(';')
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example' },
      { origin: 'http://tenon.example' },
      { origin: 'https://tenon.example.evil.example' },
      { origin: 'https://sub.tenon.example' },
      { origin: 'https://tenon.example:8443' },
      { origin: 'null' },
      { origin: 'https://evil.example', 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { 'sec-fetch-site': 'none' },
      { referer: `${OWN}/accounts/verify` },
      {},
    ]
    for (const headers of foreign) {
      expect((await post('/v1/sessions/end', null, { cookie, ...headers })).status).toBe(401)
      const removal = await app.request('/v1/sessions/session_00000000000000000000000000', {
        method: 'DELETE',
        headers: { cookie, ...headers },
      })
      expect(removal.status).toBe(401)
    }
    expect((await app.request('/v1/sessions', { headers: { cookie } })).status).toBe(200)
    for (const own of [{ origin: OWN }, { 'sec-fetch-site': 'same-origin' }]) {
      const found = await app.request('/v1/sessions/session_00000000000000000000000000', {
        method: 'DELETE',
        headers: { cookie, ...own },
      })
      expect(found.status).toBe(404)
    }
  })

  it('gives way to a bearer, which no other site can send', async () => {
    const [cookie = ''] = (await signedIn()).split(';')
    const headers = { cookie, origin: 'https://evil.example', authorization: `Bearer ${ada.session}` }
    const response = await app.request('/v1/sessions/session_00000000000000000000000000', { method: 'DELETE', headers })
    expect(response.status).toBe(404)
  })

  it('is nothing when it is broken, of another name, or empty', () => {
    const { read } = sessionCookie(OWN)
    const withCookie = (cookie: string) => read(new Request(OWN, { headers: { cookie } }))
    for (const cookie of ['', '__Host-tenon_session=%E0%A4%A', 'tenon_session=x', '__Host-tenon_session2=x', 'x'])
      expect(withCookie(cookie)).toBeUndefined()
    expect(withCookie('a=b; __Host-tenon_session=x%3D; c=d')).toBe('x=')
    expect(sessionCookie('http://127.0.0.1:7420').write(null)).toBe(
      'tenon_session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0',
    )
  })

  it('enters the organisation that X-Tenon-Org names, when its person belongs to it', async () => {
    const org = await node.onboard('cookies')
    const [cookie = ''] = (await signedIn()).split(';')
    const response = await app.request(`/v1/api-keys/${org.slug}`, { headers: { cookie, 'x-tenon-org': org.slug } })
    expect(response.status).toBe(404)
  })
})
