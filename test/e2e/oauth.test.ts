import { Client, ClientCredentialsProvider, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../src/contract/client.ts'
import { listAudit } from '../../src/contract/audit.ts'
import { createProject } from '../../src/contract/projects.ts'
import { CLIENT, startAuthorizationServer, type AuthorizationServer } from '../support/authorization-server.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { explainFailure, programsOn, type Program, type Programs } from '../support/serve.ts'
import { onboard } from '../support/tenon.ts'

let database: TestDatabase
let issuer: AuthorizationServer
let programs: Programs
let tenon: Program
let apiKey: string
beforeAll(async () => {
  issuer = await startAuthorizationServer({ path: '/tenants/one' })
  database = await createTestDatabase()
  programs = programsOn(database.url)
  tenon = await programs.serve({ TENON_OAUTH_ISSUER: issuer.issuer })
  apiKey = (await onboard(tenon.url, 'acme')).apiKey
}, 90_000)
afterAll(async () => {
  await programs.end()
  await database.close()
  await issuer.close()
})

const ERAS = [
  ['of the 2025 protocols', {}],
  ['of the 2026 protocol', { versionNegotiation: { mode: 'auto' } }],
] as const

/** Knows the address of the server and its own credentials, and nothing else. */
async function connect(versions: object): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, versions)
  const authProvider = new ClientCredentialsProvider({
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    expectedIssuer: issuer.issuer,
  })
  await client.connect(new StreamableHTTPClientTransport(new URL(`${tenon.url}/mcp`), { authProvider }))
  return client
}

describe('the official client', () => {
  for (const [era, versions] of ERAS) {
    it(`${era} finds the issuer, gets a token for the MCP endpoint and calls a tool with it`, async () => {
      explainFailure(tenon)
      issuer.granted = { tenon_org: 'acme' }
      const client = await connect(versions)
      const result = await client.callTool({ name: 'list_repositories', arguments: {} })
      expect(result.structuredContent).toMatchObject({ data: [] })
      await client.close()
    })

    it(`${era} reaches no other organisation`, async () => {
      explainFailure(tenon)
      await onboard(tenon.url, `other-${versions === ERAS[0][1] ? 'a' : 'b'}`)
      issuer.granted = { tenon_org: 'acme' }
      const client = await connect(versions)
      const result = await client.callTool({ name: 'list_repositories', arguments: { org: 'other-a' } })
      expect(result).toMatchObject({ isError: true, structuredContent: { error: { code: 'not_found' } } })
      await client.close()
    })

    it(`${era} does not come in with a token for an organisation that is not there`, async () => {
      issuer.granted = { tenon_org: 'nowhere' }
      const before = issuer.asked.get('/token') ?? 0
      await expect(connect(versions)).rejects.toThrow(/401|authenticat|unauthori[sz]ed/i)
      expect(issuer.asked.get('/token')).toBeGreaterThan(before)
    })
  }
})

describe('the typed client', () => {
  it('calls with a token for the public address, and leaves its mark in the audit trail', async () => {
    explainFailure(tenon)
    const scope = 'repositories:write'
    for (const aud of [tenon.url, `${tenon.url}/`, `${tenon.url}/mcp`]) {
      const token = await issuer.sign({ aud, tenon_org: 'acme', scope })
      const client = createClient({ url: tenon.url, apiKey: token, org: 'acme', fetch })
      await client.call(createProject, { name: `project-${aud.length}` })
    }
    const { data } = await createClient({ url: tenon.url, apiKey, org: 'acme', fetch }).call(listAudit, {
      action: 'projects.create',
    })
    expect(data).toHaveLength(3)
    for (const { actor } of data) expect(actor).toMatch(/^oauth_[0-9A-Za-z]{22}$/)
  })

  it('is refused with a token for another place', async () => {
    const token = await issuer.sign({ aud: 'https://tenon.example', tenon_org: 'acme' })
    const response = await fetch(`${tenon.url}/v1/me`, { headers: { authorization: `Bearer ${token}` } })
    expect([response.status, response.headers.get('www-authenticate')]).toEqual([
      401,
      `Bearer resource_metadata="${tenon.url}/.well-known/oauth-protected-resource", error="invalid_token"`,
    ])
  })
})
