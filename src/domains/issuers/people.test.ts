import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthorizationServer, type AuthorizationServer } from '../../../test/support/authorization-server.ts'
import { silentLog } from '../../../test/support/database.ts'
import { ROOT_KEY, startTestNode, testOrg, type TestNode } from '../../../test/support/node.ts'
import { callAs, mailsTo, newPerson, tokenTo } from '../../../test/support/person.ts'
import { changePassword, endSession, requestPasswordReset } from '../../contract/accounts.ts'
import { listAudit } from '../../contract/audit.ts'
import { createApiKey, createOrganization, getMe, listApiKeys } from '../../contract/identity.ts'
import { revokeToken } from '../../contract/issuers.ts'
import { setLimits } from '../../contract/limits.ts'
import { acceptInvitation, createInvitation, listMembers } from '../../contract/members.ts'
import type { DataOf, Operation } from '../../contract/operation.ts'
import { createProject, listProjects } from '../../contract/projects.ts'
import { createRestApp } from '../../surfaces/rest/index.ts'
import type { Connection } from './connection.ts'

/** People of an issuer on a whole node. */
const AUDIENCE = 'tenon'
let server: AuthorizationServer
let node: TestNode
let staff: Connection

beforeAll(async () => {
  server = await startAuthorizationServer()
  staff = {
    name: 'staff',
    kind: 'oidc',
    issuer: server.issuer,
    audiences: [AUDIENCE],
    signing: { algorithms: ['ES256'] },
    emailClaim: 'email',
    emailVerifiedClaim: 'email_verified',
    trustEmail: false,
    requireJti: true,
    maxAgeSeconds: 86_400,
  }
  node = await startTestNode({ issuers: { connections: [staff] } })
})
afterAll(async () => {
  await node.close()
  await server.close()
})

let made = 0
const tokenOf = (sub: string, claims: object = {}): Promise<string> =>
  server.sign({ aud: AUDIENCE, sub, jti: `jti-${(made += 1)}`, name: sub, ...claims })
const withEmail = (sub: string): Promise<string> => tokenOf(sub, { email: `${sub}@example.com`, email_verified: true })

type Answer = { code?: string; data?: unknown }

async function as(token: string, operation: Operation, input: object = {}, org?: string): Promise<Answer> {
  const outcome = await callAs(node, { credentials: { apiKey: token }, org }, operation, input)
  return outcome.ok ? { data: outcome.envelope.data } : { code: outcome.code }
}
async function me(token: string): Promise<DataOf<typeof getMe>> {
  return (await as(token, getMe)).data as DataOf<typeof getMe>
}
async function usersNamed(name: string): Promise<{ id: string; email: string | null }[]> {
  return node.database.query(`select id, email from users where name = '${name}'`)
}
const root = (operation: Operation, input: object) =>
  callAs(node, { credentials: { rootKey: ROOT_KEY } }, operation, input)

describe('somebody of an issuer', () => {
  it('is one user, however often they come first at once', async () => {
    const tokens = await Promise.all(Array.from({ length: 50 }, () => withEmail('racer')))
    const all = await Promise.all(tokens.map(me))
    expect(new Set(all.map(({ user }) => user?.id)).size).toBe(1)
    expect(await usersNamed('racer')).toEqual([{ id: all[0]?.user?.id, email: 'racer@example.com' }])
    expect(all[0]).toMatchObject({ org: null, role: null, organizations: [], user: { twoFactor: false } })
  })

  it('makes an organisation, and does there what an owner may; elsewhere nothing', async () => {
    await node.onboard('foreign')
    const token = await withEmail('olive')
    expect(await as(token, createOrganization, { slug: 'orchard', name: 'Orchard' })).toMatchObject({ data: {} })
    const id = (await me(token)).user?.id
    expect(await me(token)).toMatchObject({ org: { slug: 'orchard' }, role: 'owner' })
    expect(await as(token, createProject, { org: 'orchard', name: 'trees' })).toMatchObject({ data: { name: 'trees' } })
    const { data } = await as(token, listAudit, { org: 'orchard', action: 'projects.create' })
    expect(data).toMatchObject([{ actor: id }])
    for (const org of ['foreign', 'nowhere'])
      expect(await as(token, listProjects, { org })).toEqual({ code: 'not_found' })
  })

  it('has the rights of their role there, whatever scopes and roles the token has', async () => {
    const acme = await node.onboard('acme')
    const { org } = await acme.call(getMe, {})
    const claims = { scope: 'api-keys:read projects:write runs:write', role: 'owner', tenon_org: 'acme' }
    const token = await tokenOf('vera', claims)
    const { user } = await me(token)
    expect(await as(token, listApiKeys, { org: 'acme' })).toEqual({ code: 'not_found' })
    await node.database.query(
      `insert into members (org_id, user_id, role, created_at) values ('${org?.id}', '${user?.id}', 'viewer', now())`,
    )
    expect(await as(token, listProjects, { org: 'acme' })).toMatchObject({ data: [] })
    expect(await as(token, createProject, { org: 'acme', name: 'x' })).toEqual({ code: 'forbidden' })
    expect(await as(token, createApiKey, { org: 'acme', name: 'x' })).toEqual({ code: 'forbidden' })
    expect(await acme.call(listMembers, {})).toMatchObject([
      { id: user?.id, name: 'vera', email: null, role: 'viewer' },
    ])
    await node.database.query(`delete from members where user_id = '${user?.id}'`)
    expect(await as(token, listProjects, { org: 'acme' })).toEqual({ code: 'not_found' })
  })

  it('does not get into an account by its address, which stays with whom it belonged to', async () => {
    const ada = await newPerson(node, 'ada')
    const token = await tokenOf('mallory', { email: 'ADA@example.com', email_verified: true })
    const { user } = await me(token)
    expect(user).toMatchObject({ email: null, name: 'mallory' })
    expect(user?.id).not.toBe(ada.id)
    expect((await ada.call(getMe, {})).user).toMatchObject({ id: ada.id, email: 'ada@example.com' })
  })

  it('has no address that the issuer has not checked, so that it is free for whom it belongs to', async () => {
    const token = await tokenOf('squatter', { email: 'bea@example.com', email_verified: false })
    expect((await me(token)).user?.email).toBe(null)
    const bea = await newPerson(node, 'bea')
    expect((await bea.call(getMe, {})).user?.email).toBe('bea@example.com')
  })

  it('joins by an invitation to the address that the issuer has checked', async () => {
    const owner = await withEmail('owen')
    await as(owner, createOrganization, { slug: 'inviting', name: 'Inviting' })
    await root(setLimits, { org: 'inviting', plan: 'team' })
    expect(
      await as(owner, createInvitation, { org: 'inviting', email: 'ivy@example.com', role: 'member' }),
    ).toMatchObject({ data: {} })
    const invitation = { token: await tokenTo(node, 'ivy@example.com') }
    expect(mailsTo(node, 'ivy@example.com')).toHaveLength(1)
    expect((await as(await tokenOf('eve'), acceptInvitation, invitation)).code).toBeDefined()
    const ivy = await withEmail('ivy')
    expect(await as(ivy, acceptInvitation, invitation)).toMatchObject({ data: {} })
    expect(await me(ivy)).toMatchObject({ org: { slug: 'inviting' }, role: 'member' })
  })

  it('gets no password by mail, by which they would come in when the issuer does not let them any more', async () => {
    const email = 'leaver@example.com'
    expect((await me(await withEmail('leaver'))).user?.email).toBe(email)
    const anyone = { credentials: {}, address: '198.51.100.99' }
    expect(await callAs(node, anyone, requestPasswordReset, { email })).toMatchObject({ ok: true })
    const mails = await node.database.query("select recipient, state from mails where template = 'password-reset'")
    expect(mails).toEqual([{ recipient: '', state: 'dropped' }])
    expect(mailsTo(node, email)).toEqual([])
  })

  it('has no password here to change', async () => {
    const input = { currentPassword: 'whatever it is', newPassword: 'another one of that kind' }
    expect((await as(await tokenOf('pat'), changePassword, input)).code).toBe('external_account')
  })
})

describe('a token of theirs', () => {
  it('is refused after signing out, with the bytes of any wrong credential', async () => {
    const [token, other] = [await tokenOf('sam'), await tokenOf('sam')]
    await me(token)
    expect(await as(token, endSession)).toEqual({ data: { ended: true } })
    expect(await as(token, getMe)).toEqual({ code: 'invalid_api_key' })
    expect((await me(other)).user?.name).toBe('sam')
    expect(await bytesOf(token)).toEqual(await bytesOf('tn_live_wrong'))
    expect(await bytesOf(`${other}x`)).toEqual(await bytesOf('tn_live_wrong'))
  })

  it('is refused when the operator has revoked it', async () => {
    const token = await tokenOf('rob', { jti: 'of-rob' })
    await me(token)
    expect(await root(revokeToken, { connection: 'staff', jti: 'of-rob' })).toMatchObject({ ok: true })
    expect(await as(token, getMe)).toEqual({ code: 'invalid_api_key' })
    expect(await root(revokeToken, { connection: 'none', jti: 'of-rob' })).toMatchObject({ code: 'not_found' })
    expect(await as(await tokenOf('rob'), revokeToken, { connection: 'staff', jti: 'x' })).toEqual({
      code: 'unauthenticated',
    })
  })

  it('is not called wrong while its issuer is away', async () => {
    const away = await startAuthorizationServer()
    away.mode = 'broken'
    const connections = [{ ...staff, issuer: away.issuer }]
    const cut = await startTestNode({ issuers: { connections } })
    const token = await away.sign({ aud: AUDIENCE, jti: 'a' })
    const response = await bytesOf(token, cut)
    expect(response).toMatchObject([503, expect.stringContaining('unavailable'), '5'])
    await cut.close()
    await away.close()
  })

  it('is nothing to a node that does not know the issuer', async () => {
    const without = await startTestNode()
    await without.onboard('acme')
    expect(await testOrg(without.caller, 'acme', await tokenOf('sam')).error(getMe, {})).toMatchObject({
      code: 'invalid_api_key',
    })
    await without.close()
  })
})

async function bytesOf(token: string, { caller }: TestNode = node): Promise<unknown[]> {
  const mcp = () => Promise.reject(new Error('not asked'))
  const app = createRestApp({
    caller,
    log: silentLog,
    checks: {},
    publicUrl: 'http://127.0.0.1',
    trustedProxies: [],
    mcp,
  })
  const headers = { authorization: `Bearer ${token}`, 'x-request-id': 'request-of-a-test' }
  const response = await app.request('/v1/me', { headers })
  return [response.status, await response.text(), response.headers.get('retry-after')]
}
