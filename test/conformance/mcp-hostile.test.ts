import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit } from '../../src/contract/audit.ts'
import { ERRORS } from '../../src/contract/errors.ts'
import type { Listening } from '../../src/surfaces/rest/index.ts'
import type { McpTool } from '../../src/surfaces/mcp/index.ts'
import { EVERYBODY, listenOn, listenWithTools } from '../support/http-node.ts'
import type { TestOrg } from '../support/node.ts'
import { createGate, startSampleNode, type SampleNode } from '../support/sample-pipeline.ts'
import { waitFor } from '../support/wait-for.ts'

let nodes: SampleNode
let org: TestOrg
let listening: Listening
beforeAll(async () => {
  nodes = await startSampleNode({ worker: { slots: 1 } })
  org = await nodes.node.onboard('hostile')
  listening = await listenOn(nodes.node.caller)
}, 60_000)
afterAll(async () => {
  await listening.close(0)
  await nodes.node.close()
})

interface Given {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
}
function send(body: unknown, { method = 'POST', headers = {}, signal }: Given = {}): Promise<Response> {
  return fetch(new URL('/mcp', listening.url), {
    method,
    headers: {
      authorization: `Bearer ${org.apiKey}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...headers,
    },
    ...(method === 'POST' ? { body: typeof body === 'string' ? body : JSON.stringify(body) } : {}),
    ...(signal === undefined ? {} : { signal }),
  })
}

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'hostile', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
}
interface Asked {
  readonly body: object
  readonly headers: Readonly<Record<string, string>>
}
type Ask = (method: string, params?: Readonly<Record<string, unknown>>) => Asked
const legacy: Ask = (method, params = {}) => ({ body: { jsonrpc: '2.0', id: 1, method, params }, headers: {} })
const modern: Ask = (method, params = {}) => ({
  body: { jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: { ...META, ...(params['_meta'] as object) } } },
  headers: {
    'mcp-protocol-version': '2026-07-28',
    'mcp-method': method,
    ...(typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {}),
  },
})
const ERAS = [
  ['2025', legacy],
  ['2026', modern],
] as const

const ping = { jsonrpc: '2.0', id: 1, method: 'ping' }
const call = (name: unknown, args: unknown, more: object = {}): object => ({
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name, arguments: args, ...more },
})
const withArguments = (json: string): string =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"list_runs","arguments":${json}}}`
const nested = '['.repeat(500_000) + ']'.repeat(500_000)
const huge = 'x'.repeat(4 << 20)

describe('what no client should send', () => {
  const SENT: readonly (readonly [what: string, body: unknown, status: number, code: number | null, given?: Given])[] =
    [
      ['nothing', '', 400, -32700],
      ['no JSON', '{"jsonrpc":', 400, -32700],
      ['JSON that is nested without end', nested, 400, -32700],
      ['arguments that are nested without end', withArguments(`{"a":${nested}}`), 400, -32700],
      ['null', 'null', 400, -32600],
      ['a number', '5', 400, -32600],
      ['a text', '"x"', 400, -32600],
      ['an empty batch', '[]', 400, -32600],
      ['a batch in a batch', [[ping]], 400, -32600],
      ['a batch of nothing', [null], 400, -32600],
      ['a batch without end', Array.from({ length: 101 }, (_, id) => ({ ...ping, id })), 400, -32600],
      ['a batch of both eras', [ping, modern('tools/list').body], 400, -32600],
      ['an id that is none', '{"jsonrpc":"2.0","id":1e400,"method":"ping"}', 400, -32600],
      ['parameters that are null', { ...ping, params: null }, 400, -32600],
      ['parameters that are a list', { ...ping, params: [1] }, 400, -32600],
      ['more than 4 MiB', call('list_runs', { cursor: huge }), 413, -32000],
      ['another content type', ping, 415, -32000, { headers: { 'content-type': 'text/plain' } }],
      ['an accept of JSON alone', ping, 406, -32000, { headers: { accept: 'application/json' } }],
      ['an unknown version', ping, 400, -32000, { headers: { 'mcp-protocol-version': '1999-01-01' } }],
      ['another name in the header', modern('tools/call', { name: 'list_runs' }).body, 400, -32020],
      ['a method of every object', { ...ping, method: '__proto__' }, 200, -32601],
      ['a call without parameters', { ...ping, method: 'tools/call' }, 200, -32602],
      ['arguments that are a list', call('list_runs', []), 200, -32602],
      ['arguments that are null', call('list_runs', null), 200, -32602],
      ['arguments that are a text', call('list_runs', 'x'), 200, -32602],
      ['a tool that is in every object', call('constructor', {}), 200, -32602],
      ['a tool that is an object', call({ toString: 1 }, {}, { _meta: { progressToken: 1 } }), 200, -32602],
      ["an operation of the operator's", call('onboard_organization', {}), 200, -32602],
      ['GET', null, 405, null, { method: 'GET' }],
      ['DELETE', null, 405, null, { method: 'DELETE' }],
      ['OPTIONS', null, 405, null, { method: 'OPTIONS' }],
      ['HEAD', null, 405, null, { method: 'HEAD' }],
      ['another origin', ping, 403, -32000, { headers: { origin: 'https://evil.example' } }],
    ]
  for (const [what, body, status, code, given] of SENT)
    it(`${what}, is answered as the guide says`, async () => {
      const began = performance.now()
      const response = await send(body, given)
      const text = await response.text()
      expect([
        response.status,
        text === '' ? null : (JSON.parse(text) as { error: { code: number } }).error.code,
      ]).toEqual([status, code])
      expect(response.headers.get('x-request-id')).toMatch(/^req_/)
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(text).not.toMatch(/node_modules|\.ts:|\bat .+:\d+/)
      // Also on a machine that is busy: parsing such a body takes a second each time.
      expect(performance.now() - began).toBeLessThan(2_000)
    })

  it('fields that every object has, are no fields of a tool', async () => {
    const response = await send(withArguments('{"constructor":1,"toString":2,"hasOwnProperty":3}'))
    expect(await response.json()).toMatchObject({
      result: {
        isError: true,
        structuredContent: {
          error: {
            code: 'validation_failed',
            details: {
              issues: ['constructor', 'toString', 'hasOwnProperty'].map((field) => ({ path: `query.${field}` })),
            },
          },
        },
      },
    })
  })

  it('a body of any length without a key, is not read', async () => {
    const response = await send(call('list_runs', { cursor: huge }), { headers: { authorization: '' } })
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ error: { code: 'unauthenticated' } })
  })

  it('two credentials in one header, are none', async () => {
    const authorization = `Bearer ${org.apiKey}, Bearer ${org.apiKey}`
    expect((await send(ping, { headers: { authorization } })).status).toBe(401)
  })

  it('many calls at once under one id, are each counted', async () => {
    const counted = await nodes.node.onboard('batches')
    const calls = Array.from({ length: 5 }, () => call('list_audit_entries', {}))
    const headers = { authorization: `Bearer ${counted.apiKey}` }
    expect(
      (
        await send(
          Array.from({ length: 5 }, () => call('list_runs', {})),
          { headers },
        )
      ).status,
    ).toBe(200)
    expect((await send(calls, { headers })).status).toBe(200)
    const response = await fetch(new URL('/v1/me', listening.url), { headers })
    const [limit, remaining] = ['limit', 'remaining'].map((name) => Number(response.headers.get(`ratelimit-${name}`)))
    // Unknown tools are no calls; this one is.
    await waitFor(async () => (limit ?? 0) - (remaining ?? 0) === 6, 5_000)
    expect(await counted.call(listAudit, { outcome: 'refused' })).toEqual([])
  })
})

describe('a tool that fails in a way nobody has foreseen', () => {
  it('is answered with -32603, and with nothing of what it was', async () => {
    const broken: McpTool = {
      tool: { name: 'break', inputSchema: { type: 'object' } },
      scope: null,
      progresses: false,
      call: () => Promise.reject(new Error('select secret from /home/tenon/secrets.json')),
    }
    const breaking = await listenWithTools(EVERYBODY, [broken])
    for (const [, ask] of ERAS) {
      const { body, headers } = ask('tools/call', { name: 'break', arguments: {} })
      const response = await fetch(new URL('/mcp', breaking.url), {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers },
      })
      expect([response.status, await response.json()]).toMatchObject([
        200,
        {
          error: {
            code: -32603,
            message: ERRORS.internal.message,
            data: { requestId: expect.stringMatching(/^req_/) },
          },
        },
      ])
    }
    await breaking.close(0)
  })
})

describe('a subscription', () => {
  it('to what never changes, ends at once and holds nothing', async () => {
    const notifications = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true }
    const { body, headers } = modern('subscriptions/listen', { notifications })
    for (let n = 0; n < 50; n++) {
      const response = await send(body, { headers })
      expect(response.status).toBe(200)
      expect(await response.text()).toContain('"resultType":"complete"')
    }
  })
})

describe('a client that leaves while it waits', { timeout: 60_000 }, () => {
  for (const [era, ask] of ERAS)
    for (const streams of [true, false])
      it(`leaves no wait behind (${era}, ${streams ? 'a stream' : 'JSON'})`, async () => {
        const gate = createGate()
        const run = await nodes.begin(org, { behaviour: { work: ({ signal }) => gate.pass(signal) } })
        const meta = streams ? { _meta: { progressToken: 1 } } : {}
        const wait = (waitSeconds: number, signal?: AbortSignal): Promise<string> => {
          const params = { name: 'get_run', arguments: { run, waitSeconds }, ...meta }
          const { body, headers } = ask('tools/call', params)
          return (
            send(body, { headers, ...(signal === undefined ? {} : { signal }) })
              .then((response) => response.text())
              // It has left.
              .catch(() => '')
          )
        }
        const room = async (): Promise<number> => {
          const answers = await Promise.all(Array.from({ length: 20 }, () => wait(1)))
          return answers.filter((text) => !text.includes('rate_limited')).length
        }
        const leave = new AbortController()
        const waits = Array.from({ length: 19 }, async () => {
          // Refused while a question for room had taken its place.
          while (!leave.signal.aborted) await wait(50, leave.signal)
        })
        await waitFor(async () => (await room()) === 1, 20_000)
        leave.abort()
        await Promise.all(waits)
        await expect.poll(room, { timeout: 10_000 }).toBe(20)
        gate.open()
        await nodes.ended(org, run)
      })
})
