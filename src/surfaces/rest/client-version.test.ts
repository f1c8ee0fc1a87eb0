import { describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { headerOf, OWN_RELEASE, upgradesTo } from '../../contract/release.ts'
import { createRestApp } from './app.ts'
import { outdatedClient } from './client-version.ts'

const spoken = { own: { version: '3.1.0', api: 4 }, oldestApi: 3 }

describe('a client that says which release it is', () => {
  it('is refused when its API is no longer spoken, and told how to upgrade', () => {
    expect(outdatedClient('cli/2.9.0; api=2', spoken)).toMatchObject({
      code: 'client_outdated',
      details: { client: '2.9.0; api=2', server: '3.1.0; api=4', oldestApi: 3, upgrade: upgradesTo(spoken.own) },
    })
  })

  it('is served when it is older but understood, as new, or newer', () => {
    for (const header of ['cli/3.0.0; api=3', 'cli/3.1.0; api=4', 'cli/9.0.0; api=12'])
      expect([header, outdatedClient(header, spoken)]).toEqual([header, null])
  })

  it('is served when it says nothing, or something that is no release', () => {
    for (const header of [undefined, '', 'cli', 'cli/2.9.0', 'cli/2.9.0; api=x', '; api=1', 'x'.repeat(10_000)])
      expect(outdatedClient(header, spoken)).toBeNull()
  })
})

describe('a server', () => {
  let calls = 0
  const app = createRestApp({
    caller: {
      call: async () => {
        calls += 1
        return { ok: true, status: 200, rate: null, replayed: false, envelope: { data: {} } }
      },
    },
    log: silentLog,
    checks: {},
    publicUrl: 'http://127.0.0.1:7420',
    trustedProxies: [],
    mcp: async () => new Response(),
  })
  const ask = async (path: string, client?: string): Promise<Response> =>
    app.request(path, client === undefined ? {} : { headers: { 'x-tenon-client': client } })

  it('says with every answer which release it is', async () => {
    for (const path of ['/v1/me', '/healthz', '/readyz', '/openapi.json', '/mcp', '/nowhere'])
      expect([path, (await ask(path)).headers.get('x-tenon-version')]).toEqual([path, headerOf(OWN_RELEASE)])
  })

  it('refuses a client of an API that is gone before anything is done for it, and serves any other', async () => {
    calls = 0
    const refusal = await ask('/v1/me', 'cli/0.0.9; api=0')
    expect([refusal.status, calls]).toEqual([426, 0])
    expect(await refusal.json()).toMatchObject({
      error: { code: 'client_outdated', details: { upgrade: upgradesTo(OWN_RELEASE) } },
    })
    expect([refusal.headers.get('upgrade'), refusal.headers.get('connection')]).toEqual([
      `tenon/${OWN_RELEASE.api}`,
      'upgrade',
    ])
    expect(refusal.headers.get('x-request-id')).toMatch(/^req_/)
    for (const client of [undefined, 'cli/0.0.9; api=1', 'cli/9.0.0; api=9', 'broken'])
      expect((await ask('/v1/me', client)).status).toBe(200)
    expect((await ask('/healthz', 'cli/0.0.9; api=0')).status).toBe(200)
  })
})
