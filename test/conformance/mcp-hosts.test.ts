import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client, StreamableHTTPClientTransport, type Progress } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Listening } from '../../src/surfaces/rest/index.ts'
import { makeRepository } from '../support/git-repository.ts'
import { listenOn } from '../support/http-node.ts'
import { startTestNode, type TestNode, type TestOrg } from '../support/node.ts'
import { runScript, type Ended } from '../support/run-program.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const TENON = fileURLToPath(new URL('../../bin/tenon.js', import.meta.url))
const require = createRequire(import.meta.url)
const INSPECTOR = require.resolve('@modelcontextprotocol/inspector/clients/launcher/build/index.js')
const LINES = 'export const greeting = "hello"\nexport function greet() {\n  return greeting\n}\n'

const folder = temporaryFolder('mcp-hosts')
let node: TestNode
let org: TestOrg
let listening: Listening
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('hosts')
  listening = await listenOn(node.caller)
})
const clients: Client[] = []
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
})
afterAll(async () => {
  await listening.close(0)
  await node.close()
  folder.remove()
})

/** As a host connects: by the address of the server, or by a program that it starts. */
type Host = 'HTTP' | 'stdio'
const ERAS = [
  ['2025', {}],
  ['2026', { versionNegotiation: { mode: 'auto' } }],
] as const
const HOSTS = (['HTTP', 'stdio'] as const).flatMap((host) =>
  ERAS.map(([era, versions]) => [host, era, versions] as const),
)

async function connect(host: Host, versions: object): Promise<Client> {
  const client = new Client({ name: 'host', version: '1' }, versions)
  clients.push(client)
  const headers = { authorization: `Bearer ${org.apiKey}` }
  await client.connect(
    host === 'HTTP'
      ? new StreamableHTTPClientTransport(new URL('/mcp', listening.url), { requestInit: { headers } })
      : new StdioClientTransport(stdio()),
  )
  return client
}
function stdio() {
  return { command: process.execPath, args: [TENON, 'mcp'], env: environment(), stderr: 'inherit' as const }
}
function environment(): Record<string, string> {
  return {
    PATH: process.env['PATH'] ?? '',
    TENON_URL: listening.url,
    TENON_API_KEY: org.apiKey,
    TENON_DATA_DIR: folder.path,
  }
}

type Answer = { data?: unknown; error?: { code: string } }
const call = async (client: Client, name: string, args: object, onprogress?: (progress: Progress) => void) => {
  const result = await client.callTool(
    { name, arguments: args as Record<string, unknown> },
    onprogress === undefined ? {} : { onprogress },
  )
  return (result.structuredContent as Answer).data
}

/** Each call starts several processes, on a machine that has other things to do. */
const TOOL_MS = 120_000

describe('the official client', { timeout: TOOL_MS }, () => {
  for (const [host, era, versions] of HOSTS)
    it(`over ${host}, of ${era}, indexes a repository, waits for it, searches it and reads it`, async () => {
      const client = await connect(host, versions)
      expect(client.getInstructions()).toContain('search_code')
      const name = `shop-${host}-${era}`.toLowerCase()
      const source = makeRepository(join(folder.path, name), { 'src/greet.ts': LINES })
      const { run } = (await call(client, 'index_repository', { source, name })) as { run: { id: string } }
      const told: Progress[] = []
      const ended = await call(client, 'get_run', { run: run.id, waitSeconds: 50 }, (progress) => told.push(progress))
      expect(ended).toMatchObject({ id: run.id, status: 'succeeded' })
      expect(told.at(-1)?.message).toMatch(/parts|queued|planning|running|finishing/)
      const found = await call(client, 'search_code', { symbol: 'greet', repository: name })
      expect(found).toMatchObject({ total: 1, matches: [{ path: 'src/greet.ts', line: 2 }] })
      expect(await call(client, 'get_file', { repository: name, path: 'src/greet.ts' })).toMatchObject({ text: LINES })
    })
})

describe('the inspector', { timeout: TOOL_MS }, () => {
  const inspect = (how: readonly string[], ...args: readonly string[]): Promise<Ended> =>
    runScript(INSPECTOR, ['--cli', ...how, ...args], environment())
  const overHttp = () => [
    `${listening.url}/mcp`,
    '--transport',
    'http',
    '--header',
    `Authorization: Bearer ${org.apiKey}`,
  ]
  const overStdio = () => [
    process.execPath,
    TENON,
    'mcp',
    ...Object.entries(environment()).flatMap(([name, value]) => ['-e', `${name}=${value}`]),
  ]

  it('finds nothing in the schemas of the tools that a host could stumble over', async () => {
    const { code, out, err } = await inspect(overHttp(), '--strict', '--method', 'tools/list')
    expect({ code, err }).toEqual({ code: 0, err: '' })
    expect((JSON.parse(out) as { tools: unknown[] }).tools.length).toBeGreaterThan(15)
  })

  for (const [host, how] of [
    ['HTTP', overHttp],
    ['stdio', overStdio],
  ] as const)
    it(`over ${host} indexes a repository, waits for it, searches it and reads it`, async () => {
      const callTool = async (tool: string, args: Readonly<Record<string, string | number>>) => {
        const pairs = Object.entries(args).map(([name, value]) => `${name}=${value}`)
        const options = ['--method', 'tools/call', '--tool-name', tool, '--tool-arg', ...pairs]
        const { code, out, err } = await inspect(how(), ...options)
        if (code !== 0) throw new Error(`${tool}: ${err}${out}`)
        return (JSON.parse(out) as { structuredContent: { data: unknown } }).structuredContent.data
      }
      const name = `inspected-${host}`.toLowerCase()
      const source = makeRepository(join(folder.path, name), { 'src/greet.ts': LINES })
      const { run } = (await callTool('index_repository', { source, name })) as { run: { id: string } }
      expect(await callTool('get_run', { run: run.id, waitSeconds: 50 })).toMatchObject({ status: 'succeeded' })
      expect(await callTool('search_code', { q: 'hello', repository: name })).toMatchObject({ total: 1 })
      expect(await callTool('get_file', { repository: name, path: 'src/greet.ts' })).toMatchObject({ text: LINES })
    })
})
