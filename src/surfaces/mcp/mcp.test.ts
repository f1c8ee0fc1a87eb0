import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit } from '../../contract/audit.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { setLimits } from '../../contract/limits.ts'
import { isAbsent } from '../../contract/operation.ts'
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
  const answer = createMcp({ caller: node.caller, hosts: ['127.0.0.1'] })
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

async function connect(versions: object, { apiKey } = org): Promise<Client> {
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
        meta: { pagination: { nextCursor: null, limit: 50 } },
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

  it('is told when to come again, as the result of the tool', async () => {
    const tiny = await node.onboard('tiny')
    const limited = await node.caller.call(setLimits, {
      credentials: { rootKey: ROOT_KEY },
      input: { params: { org: 'tiny' }, query: {}, body: { callsPerHour: 1 } },
      requestId: 'request-of-a-test',
      address: 'unknown',
      signal: new AbortController().signal,
    })
    expect(limited.ok).toBe(true)
    const client = await connect({}, tiny)
    const list = () => client.callTool({ name: 'list_runs', arguments: {} })
    expect(await list()).toMatchObject({ structuredContent: { data: [] } })
    expect(await list()).toMatchObject({
      isError: true,
      structuredContent: { error: { code: 'rate_limited', details: { retryAfterSeconds: expect.any(Number) } } },
    })
    await client.close()
  })
})

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

  it('tells nothing without a key, and refuses a wrong one by its code', async () => {
    expect((await ask(rpc('tools/list'), { authorization: '' })).status).toBe(401)
    const wrong = await ask(rpc('tools/call', { name: 'list_runs', arguments: {} }), {
      authorization: 'Bearer tn_live_wrong',
    })
    expect(await wrong.json()).toMatchObject({
      result: { isError: true, structuredContent: { error: { code: 'invalid_api_key' } } },
    })
  })

  it('refuses another host and another origin', async () => {
    expect((await ask(rpc('ping'), { host: 'evil.example' })).status).toBe(403)
    expect((await ask(rpc('ping'), { origin: 'https://evil.example' })).status).toBe(403)
  })
})
