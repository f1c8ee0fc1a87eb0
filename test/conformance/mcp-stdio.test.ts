import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Client, type Progress } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterEach, describe, expect, it } from 'vitest'
import { ERRORS } from '../../src/contract/errors.ts'
import type { Caller } from '../../src/kernel/run-operation.ts'
import type { McpTool } from '../../src/surfaces/mcp/index.ts'
import type { Listening } from '../../src/surfaces/rest/index.ts'
import { EVERYBODY, listenWithTools } from '../support/http-node.ts'
import { waitFor } from '../support/wait-for.ts'

const TENON = fileURLToPath(new URL('../../bin/tenon.js', import.meta.url))

const listenings: Listening[] = []
const clients: Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  await Promise.all(listenings.splice(0).map((listening) => listening.close(0)))
})

async function serve(tools: readonly McpTool[], { caller = EVERYBODY, port = 0 } = {}): Promise<Listening> {
  const listening = await listenWithTools(caller, tools, port)
  listenings.push(listening)
  return listening
}
function tool(name: string, call: McpTool['call']): McpTool {
  return { tool: { name, inputSchema: { type: 'object' } }, scope: null, progresses: true, call }
}
const said = (what: string) => ({ content: [{ type: 'text' as const, text: what }] })

function environment(url: string): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', TENON_URL: url, TENON_API_KEY: 'tn_live_of_a_test' }
}
async function connect(url: string): Promise<Client> {
  const client = new Client({ name: 'host', version: '1' })
  clients.push(client)
  await client.connect(
    new StdioClientTransport({ command: process.execPath, args: [TENON, 'mcp'], env: environment(url) }),
  )
  return client
}

/** Each host starts a process, on a machine that has other things to do. */
const HOST_MS = 90_000

describe('tenon mcp', { timeout: HOST_MS }, () => {
  it('hands on what is said of a call, its progress and its cancellation, and keeps errors of the protocol', async () => {
    let ended = false
    const { url } = await serve([
      tool('echo', async (args, { idempotencyKey }) => said(JSON.stringify({ args, idempotencyKey }))),
      tool('slow', async (_, { signal, progress }) => {
        progress?.({ done: 1, total: 2, message: 'half' })
        await sleep(60_000, undefined, { signal }).catch(() => {})
        ended = true
        return said('late')
      }),
    ])
    const client = await connect(url)
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['echo', 'slow'])
    const echo = { name: 'echo', arguments: { a: [1] }, _meta: { 'tenon/idempotencyKey': 'once' } }
    expect((await client.callTool(echo)).content).toEqual([
      { type: 'text', text: '{"args":{"a":[1]},"idempotencyKey":"once"}' },
    ])
    await expect(client.callTool({ name: 'nothing' })).rejects.toMatchObject({ code: -32_602 })
    const giveUp = new AbortController()
    const told: Progress[] = []
    const slow = client.callTool(
      { name: 'slow' },
      { signal: giveUp.signal, onprogress: (progress) => told.push(progress) },
    )
    await waitFor(async () => told.length > 0, 30_000)
    expect(told).toEqual([{ progress: 1, total: 2, message: 'half' }])
    giveUp.abort()
    await expect(slow).rejects.toThrow(/abort/i)
    await waitFor(async () => ended, 30_000)
  })

  it('may be started before the server, and tells the host when the server is there', async () => {
    const first = await serve([tool('echo', async () => said('one'))])
    const port = Number(new URL(first.url).port)
    await first.close(0)
    const client = await connect(first.url)
    let changes = 0
    client.setNotificationHandler('notifications/tools/list_changed', () => void changes++)
    const { message, recovery } = ERRORS.server_unreachable
    await expect(client.listTools()).rejects.toMatchObject({
      message: expect.stringContaining(`${message} ${recovery}`),
    })
    expect(await client.callTool({ name: 'echo' })).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('"server_unreachable"') }, { text: recovery }],
      structuredContent: { error: { code: 'server_unreachable', message } },
    })
    const second = await serve([tool('echo', async () => said('two'))], { port })
    await waitFor(async () => changes > 0, 30_000)
    expect((await client.listTools()).tools).toHaveLength(1)
    expect(await client.callTool({ name: 'echo' })).toMatchObject(said('two'))
    await second.close(0)
    expect(await client.callTool({ name: 'echo' })).toMatchObject({ isError: true })
    await serve([tool('echo', async () => said('three'))], { port })
    expect(await client.callTool({ name: 'echo' })).toMatchObject(said('three'))
  })

  it('tells what the server says of a key that it does not take', async () => {
    const { message, recovery } = ERRORS.invalid_api_key
    const envelope = { error: { code: 'invalid_api_key', message, requestId: 'request-of-a-test' } } as const
    const refused = { ok: false, status: 401, code: 'invalid_api_key', envelope, rate: null } as const
    const caller: Caller = { ...EVERYBODY, admit: async () => refused }
    const { url } = await serve([], { caller })
    const client = await connect(url)
    await expect(client.listTools()).rejects.toMatchObject({ message: expect.stringContaining(recovery) })
    expect(await client.callTool({ name: 'echo' })).toMatchObject({ isError: true, structuredContent: envelope })
  })

  it('writes nothing but JSON-RPC, and ends with its standard input', async () => {
    const { url } = await serve([])
    const child = spawn(process.execPath, [TENON, 'mcp'], { env: environment(url), stdio: ['pipe', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.setEncoding('utf8').on('data', (part: string) => (out += part))
    const ask = (id: number, method: string, params: object) =>
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`)
    const clientInfo = { name: 'host', version: '1' }
    ask(1, 'initialize', { protocolVersion: '2025-06-18', capabilities: {}, clientInfo })
    ask(2, 'tools/list', {})
    await waitFor(async () => out.split('\n').length > 2, 30_000)
    child.stdin.end()
    const [code] = (await once(child, 'exit')) as [number]
    expect(code).toBe(0)
    const lines = out.trim().split('\n')
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { jsonrpc: '2.0', id: 1, result: { serverInfo: { name: 'tenon' } } },
      { jsonrpc: '2.0', id: 2, result: { tools: [] } },
    ])
  })
})
