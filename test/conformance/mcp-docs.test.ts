import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ALL_SCOPES } from '../../src/contract/scopes.ts'
import type { Caller } from '../../src/kernel/run-operation.ts'
import type { Listening } from '../../src/surfaces/rest/index.ts'
import { TOOLS } from '../../src/surfaces/mcp/tools.ts'
import { EVERYBODY, listenWithTools } from '../support/http-node.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const GUIDE = 'docs/guide/mcp'
const KEY = 'tn_live_of_a_test'
const read = (path: string): string => readFileSync(`${ROOT}/${path}`, 'utf8')

/** As the pages have them: a host starts a program, or is given an address. */
const entry = z.union([
  z.strictObject({
    type: z.literal('http').optional(),
    url: z.literal('https://tenon.example/mcp'),
    headers: z.strictObject({ Authorization: z.string().startsWith('Bearer ') }),
  }),
  z.strictObject({
    type: z.literal('stdio').optional(),
    command: z.literal('node'),
    args: z.tuple([z.literal('/path/to/tenon/bin/tenon.js'), z.literal('mcp')]),
    env: z.strictObject({ TENON_URL: z.literal('https://tenon.example'), TENON_API_KEY: z.string() }),
  }),
])
const servers = z.strictObject({ tenon: entry })
const promptString = z.literal('promptString')
const input = z.strictObject({
  type: promptString,
  id: z.literal('tenon-api-key'),
  description: z.string(),
  password: z.literal(true),
})
const configuration = z.union([
  z.strictObject({ mcpServers: servers }),
  z.strictObject({ inputs: z.array(input), servers }),
])

/** A key as the page has it: written there, or named as the host wants it. */
const PLACE = /^(?:tn_live_…|\$\{(?:env:)?TENON_API_KEY\}|\$\{input:tenon-api-key\})$/

let listening: Listening
const keys: (string | undefined)[] = []
beforeAll(async () => {
  const caller: Caller = {
    ...EVERYBODY,
    admit: (operation, request, options) => {
      keys.push(request.credentials.apiKey)
      return EVERYBODY.admit(operation, request, options)
    },
  }
  listening = await listenWithTools(caller, [])
})
afterAll(() => listening.close(0))

function withKey(text: string): string {
  const place = text.replace(/^Bearer /, '')
  expect(place).toMatch(PLACE)
  return text.replace(place, KEY)
}

/** As the host would, with the names of the examples replaced by real ones. */
function transportOf(given: z.output<typeof entry>): StreamableHTTPClientTransport | StdioClientTransport {
  if ('url' in given) {
    const headers = { authorization: withKey(given.headers.Authorization) }
    return new StreamableHTTPClientTransport(new URL('/mcp', listening.url), { requestInit: { headers } })
  }
  const env = {
    PATH: process.env['PATH'] ?? '',
    TENON_URL: listening.url,
    TENON_API_KEY: withKey(given.env.TENON_API_KEY),
  }
  const args = given.args.map((arg) => arg.replace('/path/to/tenon/', ROOT))
  return new StdioClientTransport({ command: process.execPath, args, env })
}

describe('the configurations to paste', { timeout: 90_000 }, () => {
  const blocks = globSync(`${GUIDE}/*.md`, { cwd: ROOT }).flatMap((path) =>
    [...read(path).matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((match, n) => ({ path, n, text: match[1] ?? '' })),
  )

  it('stand on the page of every host', () => {
    const pages = new Set(blocks.map(({ path }) => path.replace(`${GUIDE}/`, '')))
    expect([...pages].toSorted()).toEqual(['claude.md', 'cursor.md', 'vscode.md'])
    expect(blocks.length).toBeGreaterThanOrEqual(6)
  })

  for (const { path, n, text } of blocks)
    it(`connect a host: ${path}, ${n + 1}`, async () => {
      const parsed = configuration.parse(JSON.parse(text))
      const { tenon } = 'servers' in parsed ? parsed.servers : parsed.mcpServers
      keys.length = 0
      const client = new Client({ name: 'host', version: '1' })
      await client.connect(transportOf(tenon))
      expect((await client.listTools()).tools).toEqual([])
      expect(new Set(keys)).toEqual(new Set([KEY]))
      await client.close()
    })
})

describe('the scopes of a key', () => {
  const rows = [...read(`${GUIDE}/README.md`).matchAll(/^\| `([a-z-]+:[a-z]+)` \| (.*) \|$/gm)]

  it('are told with the tools that they open', () => {
    const told = Object.fromEntries(rows.map(([, scope = '', text = '']) => [scope, namesIn(text)]))
    const opened = ALL_SCOPES.map((scope) => [scope, toolsOf(scope)] as const).filter(([, tools]) => tools.length > 0)
    expect(Object.keys(told).toSorted()).toEqual(opened.map(([scope]) => scope).toSorted())
    for (const [scope, tools] of opened) {
      const inWords = tools.filter((name) => name.includes('project') && scope === 'repositories:write')
      expect([scope, [...(told[scope] ?? []), ...inWords].toSorted()]).toEqual([scope, tools.toSorted()])
    }
  })
})

function namesIn(text: string): string[] {
  return [...text.matchAll(/`(\w+)`/g)].map((match) => match[1] ?? '')
}
function toolsOf(scope: string): string[] {
  return [...TOOLS].flatMap(([name, { operation }]) => (operation.scope === scope ? [name] : []))
}

describe('the answers of the endpoint', () => {
  const JSON_TYPE = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }
  const rpc = (method: string, params: object = {}) => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const modern = { 'mcp-protocol-version': '2026-07-28' }
  const envelope = {
    _meta: {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'host', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    },
  }
  const CASES: readonly (readonly [what: string, init: RequestInit, status: number, code: number | undefined])[] = [
    ['another origin', { body: rpc('ping'), headers: { origin: 'https://evil.example' } }, 403, -32_000],
    ['GET', { method: 'GET' }, 405, undefined],
    ['DELETE', { method: 'DELETE' }, 405, undefined],
    ['no JSON', { body: '{"jsonrpc":' }, 400, -32_700],
    ['another type', { body: rpc('ping'), headers: { 'content-type': 'text/plain' } }, 415, -32_000],
    ['one type accepted', { body: rpc('ping'), headers: { accept: 'application/json' } }, 406, -32_000],
    ['too long', { body: rpc('ping', { x: 'x'.repeat(5 << 20) }) }, 413, -32_000],
    ['unknown method', { body: rpc('no/thing') }, 200, -32_601],
    [
      'unknown method of 2026',
      { body: rpc('no/thing', envelope), headers: { ...modern, 'mcp-method': 'no/thing' } },
      404,
      -32_601,
    ],
    ['unknown tool', { body: rpc('tools/call', { name: 'nothing' }) }, 200, -32_602],
  ]

  for (const [what, { headers, ...init }, status, code] of CASES)
    it(`are as the table says: ${what}`, async () => {
      const url = new URL('/mcp', listening.url)
      const sent = { ...JSON_TYPE, ...(headers as Record<string, string> | undefined) }
      const response = await fetch(url, { method: 'POST', ...init, headers: sent })
      expect(response.status).toBe(status)
      const text = await response.text()
      const answer = (text === '' ? {} : JSON.parse(text)) as { error?: { code: number } }
      expect(answer.error?.code).toBe(code)
      const table = read(`${GUIDE}/README.md`)
      expect(table).toMatch(new RegExp(`\\| .*\\b${status}\\b.* \\| ${code === undefined ? '–' : `error( ${code})?`}`))
    })
})
