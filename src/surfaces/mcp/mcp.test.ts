import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit } from '../../contract/audit.ts'
import { addRepository } from '../../contract/code.ts'
import { ERRORS } from '../../contract/errors.ts'
import { createApiKey, revokeApiKey } from '../../contract/identity.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { setLimits } from '../../contract/limits.ts'
import { isAbsent } from '../../contract/operation.ts'
import { CALLER_LIMITS } from '../../contract/plans.ts'
import { silentLog } from '../../../test/support/database.ts'
import { makeRepository } from '../../../test/support/git-repository.ts'
import { ROOT_KEY, startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { createMcp } from './index.ts'

const folder = temporaryFolder('mcp')
let node: TestNode
let org: TestOrg
let mcp: (request: Request) => Promise<Response>
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('agents')
  const answer = createMcp({
    caller: node.caller,
    log: silentLog,
    hosts: ['127.0.0.1'],
    publicUrl: 'https://tenon.example',
  })
  mcp = (request) => answer(request, '203.0.113.9')
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

function ask(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return mcp(
    new Request('http://127.0.0.1/mcp', {
      method: 'POST',
      body,
      headers: {
        host: '127.0.0.1',
        authorization: `Bearer ${org.apiKey}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        ...headers,
      },
    }),
  )
}
const rpc = (method: string, params: object = {}): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })

async function connect(versions: object, { apiKey }: { readonly apiKey: string } = org): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' }, versions)
  const viaHandler = (async (input: Request | URL | string, init?: RequestInit) => {
    const request = new Request(input, init)
    request.headers.set('host', '127.0.0.1')
    return mcp(request)
  }) as typeof fetch
  const headers = { authorization: `Bearer ${apiKey}` }
  await client.connect(
    new StreamableHTTPClientTransport(new URL('http://127.0.0.1/mcp'), { fetch: viaHandler, requestInit: { headers } }),
  )
  return client
}

const ERAS = [
  ['of the 2025 protocols', {}],
  ['of the 2026 protocol', { versionNegotiation: { mode: 'auto' } }],
] as const

describe('the official client', () => {
  for (const [era, versions] of ERAS) {
    it(`${era} lists the tools of the contract and calls one`, async () => {
      const client = await connect(versions)
      const { tools } = await client.listTools()
      const expected = OPERATIONS.flatMap(({ surfaces: { mcp: surface } }) => (isAbsent(surface) ? [] : [surface.tool]))
      expect(tools.map(({ name }) => name)).toEqual(expected)
      for (const tool of tools)
        expect([tool.title, tool.annotations?.readOnlyHint, tool.inputSchema.required?.includes('org')]).not.toContain(
          undefined,
        )
      const result = await client.callTool({ name: 'list_repositories', arguments: {} })
      expect(result.structuredContent).toMatchObject({
        data: [],
        meta: { pagination: { nextCursor: null, limit: 25 } },
      })
      const failed = await client.callTool({ name: 'search_code', arguments: { q: 'x', nope: 1 } })
      expect(failed).toMatchObject({ isError: true, structuredContent: { error: { code: 'validation_failed' } } })
      await client.close()
    })
  }

  for (const [era, versions] of ERAS) {
    it(`${era} gives a call an idempotency key, and is named by its address in the audit trail`, async () => {
      const client = await connect(versions)
      const source = makeRepository(join(folder.path, era.replaceAll(' ', '-')), { a: 'text\n' })
      const index = (key: unknown) =>
        client.callTool({ name: 'index_repository', arguments: { source }, _meta: { 'tenon/idempotencyKey': key } })
      const first = await index(`key-of-${era.replaceAll(' ', '-')}`)
      expect(first.structuredContent).toMatchObject({ data: { repository: { source } } })
      expect(await index(`key-of-${era.replaceAll(' ', '-')}`)).toEqual(first)
      for (const key of ['', 7, null, ['a'], 'a b'])
        expect(await index(key)).toMatchObject({
          isError: true,
          structuredContent: {
            error: { code: 'validation_failed', details: { issues: [{ path: 'Idempotency-Key' }] } },
          },
        })
      expect(await org.call(listAudit, { action: 'repositories.add', limit: 1 })).toMatchObject([
        { outcome: 'done', address: '203.0.113.9' },
      ])
      await client.close()
    })
  }

  for (const [era, versions] of ERAS) {
    it(`${era} is counted once for each call and each list of tools, and told when to come again`, async () => {
      const tiny = await node.onboard(`tiny-${era.slice(7, 11)}`)
      await allow(tiny, 2)
      const client = await connect(versions, tiny)
      await client.ping().catch(() => {})
      const list = () => client.callTool({ name: 'list_runs', arguments: {} })
      expect(await list()).toMatchObject({ structuredContent: { data: [] } })
      expect((await client.listTools()).tools.length).toBeGreaterThan(0)
      const code = 'rate_limited'
      expect(await list()).toMatchObject({
        isError: true,
        structuredContent: { error: { code, details: { retryAfterSeconds: expect.any(Number) } } },
        content: [{}, { type: 'text', text: ERRORS.rate_limited.recovery }],
      })
      await expect(client.request({ method: 'tools/list' })).rejects.toMatchObject({
        code: -32_000,
        data: { code, retryAfterSeconds: expect.any(Number), requestId: expect.any(String) },
      })
      await client.close()
    })

    it(`${era} is shown what its key may use, and refused the rest`, async () => {
      const { secret } = await org.call(createApiKey, { name: 'reader', scopes: ['search:read'] })
      const client = await connect(versions, { apiKey: secret })
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toEqual([
        'search_code',
        'get_file',
        'list_recent_files',
        'search_dependencies',
        'analyze_change_impact',
        'validate_implementation_spec',
      ])
      expect(client.getInstructions()).toContain('search_code')
      expect(client.getInstructions()).not.toMatch(/index_repository|list_repositories|get_run/)
      expect(await client.callTool({ name: 'list_runs', arguments: {} })).toMatchObject({
        isError: true,
        structuredContent: { error: { code: 'forbidden', details: { scope: 'runs:read' } } },
      })
      await client.close()
    })
  }
})

function allow(to: TestOrg, callsPerHour: number): Promise<unknown> {
  return node.caller.call(setLimits, {
    credentials: { rootKey: ROOT_KEY },
    input: { params: { org: to.slug }, query: {}, body: { callsPerHour } },
    requestId: 'request-of-a-test',
    address: 'unknown',
    signal: new AbortController().signal,
  })
}

describe('the MCP endpoint', () => {
  it('answers a parse error with -32700 and HTTP 400', async () => {
    const response = await ask('{"jsonrpc":')
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { code: -32700 } })
  })

  it('answers an unknown method with -32601 and HTTP 200', async () => {
    const response = await ask(rpc('nothing/here'))
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('application/json')
    expect(await response.json()).toMatchObject({ error: { code: -32601 } })
  })

  it('tells nothing to who has no valid key, and where one is given out', async () => {
    const revoked = await org.call(createApiKey, { name: 'revoked' })
    await org.call(revokeApiKey, { key: revoked.id })
    const metadata = 'Bearer resource_metadata="https://tenon.example/.well-known/oauth-protected-resource/mcp"'
    const bodies = ['initialize', 'ping', 'tools/list', 'tools/call', 'server/discover'].map((method) => rpc(method))
    for (const [authorization, code, challenge] of [
      ['', 'unauthenticated', metadata],
      ['Bearer tn_live_wrong', 'invalid_api_key', `${metadata}, error="invalid_token"`],
      [`Bearer ${revoked.secret}`, 'invalid_api_key', `${metadata}, error="invalid_token"`],
    ] as const)
      for (const body of bodies) {
        const response = await ask(body, { authorization, 'x-request-id': 'request-of-a-test' })
        expect(response.status).toBe(401)
        expect(response.headers.get('www-authenticate')).toBe(challenge)
        expect(await response.json()).toEqual({
          error: { code, message: ERRORS[code].message, requestId: 'request-of-a-test' },
        })
      }
    expect(await org.call(listAudit, { action: 'mcp.request', limit: 1 })).toMatchObject([
      { outcome: 'refused', code: 'invalid_api_key', actor: revoked.id },
    ])
  })

  it('counts who is refused on the address, whatever the key', async () => {
    const answer = createMcp({
      caller: node.caller,
      log: silentLog,
      hosts: ['127.0.0.1'],
      publicUrl: 'https://tenon.example',
    })
    const guess = (n: number) =>
      answer(
        new Request('http://127.0.0.1/mcp', {
          method: 'POST',
          body: rpc('ping'),
          headers: { host: '127.0.0.1', authorization: `Bearer tn_live_${n}`, 'content-type': 'application/json' },
        }),
        '203.0.113.77',
      )
    const { calls } = CALLER_LIMITS.anonymous
    for (let n = 0; n < calls; n++) expect((await guess(n)).status).toBe(401)
    const limited = await guess(calls)
    expect(limited.status).toBe(429)
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await limited.json()).toMatchObject({ error: { code: 'rate_limited' } })
  })

  it('answers JSON, but a stream to who wants to know how far a call has come that can tell', async () => {
    const source = makeRepository(join(folder.path, 'streamed'), { a: 'text\n' })
    const { run } = await org.call(addRepository, { source })
    const typeOf = async (name: string, args: object, _meta?: object) => {
      const response = await ask(rpc('tools/call', { name, arguments: args, _meta }))
      const text = await response.text()
      return [response.headers.get('content-type'), text.includes('"notifications/progress"')]
    }
    const wait = { run: run.id, waitSeconds: 20 }
    expect(await typeOf('get_run', wait, { progressToken: 7 })).toEqual(['text/event-stream', true])
    expect(await typeOf('get_run', wait)).toEqual(['application/json', false])
    expect(await typeOf('list_runs', {}, { progressToken: 7 })).toEqual(['application/json', false])
  })

  it('refuses another host and another origin', async () => {
    expect((await ask(rpc('ping'), { host: 'evil.example' })).status).toBe(403)
    expect((await ask(rpc('ping'), { origin: 'https://evil.example' })).status).toBe(403)
  })
})
