import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository, deleteRepository, listRepositories } from '../../src/contract/code.ts'
import { searchCode } from '../../src/contract/search.ts'
import { getRun, isEnded, listRuns } from '../../src/contract/runs.ts'
import { makeRepository } from '../support/git-repository.ts'
import { onboard, startTenon, tenonCli, type Tenon } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const folder = temporaryFolder('two-orgs')
const repositories = temporaryFolder('repositories')
let tenon: Tenon
type Org = Awaited<ReturnType<typeof onboard>>
let first: Org
let second: Org
const ids: Record<string, { repository: string; run: string }> = {}

beforeAll(async () => {
  const source = makeRepository(join(repositories.path, 'app'), {
    'src/a.ts': 'export const lighthouse = 1\n',
    'b.md': 'Lighthouse\n',
  })
  tenon = await startTenon({ dataDir: folder.path, port: 17441, env: { TENON_LOCAL_REPOS: repositories.path } })
  first = await onboard(tenon.url, 'first')
  second = await onboard(tenon.url, 'second')
  for (const { client, slug } of [first, second]) {
    const { data } = await client.call(addRepository, { source })
    await waitFor(async () => isEnded((await client.call(getRun, { run: data.run.id })).data.status), 30_000)
    ids[slug] = { repository: data.repository.id, run: data.run.id }
  }
}, 120_000)
afterAll(async () => {
  await tenon.stop()
  folder.remove()
  repositories.remove()
})

describe('two organisations with the same repository', () => {
  it('see only their own over REST', async () => {
    for (const { client, slug } of [first, second]) {
      expect((await client.call(listRepositories, {})).data.map(({ id }) => id)).toEqual([ids[slug]?.repository])
      expect((await client.call(listRuns, {})).data.map(({ id }) => id)).toEqual([ids[slug]?.run])
      expect((await client.call(searchCode, { q: 'lighthouse' })).data.total).toBe(2)
    }
  })

  it('see only their own over the CLI and MCP', async () => {
    for (const { apiKey, slug } of [first, second]) {
      const cli = await tenonCli(['repos', 'list', '--json'], {
        TENON_URL: tenon.url,
        TENON_API_KEY: apiKey,
        TENON_ORG: slug,
      })
      const mcp = await callTool(apiKey, 'list_repositories', {})
      for (const envelope of [JSON.parse(cli.stdout), mcp.structuredContent] as { data: { id: string }[] }[]) {
        expect(envelope.data.map(({ id }) => id)).toEqual([ids[slug]?.repository])
      }
    }
  })

  it('get the bytes of "not found" for what belongs to the other, over REST and MCP', async () => {
    const theirs = ids['second'] ?? { repository: '', run: '' }
    const pairs = [
      [`/v1/repositories/first/${theirs.repository}`, '/v1/repositories/first/no-such'],
      [`/v1/runs/first/${theirs.run}`, '/v1/runs/first/no-such'],
      [`/v1/runs/first/${theirs.run}/logs`, '/v1/runs/first/no-such/logs'],
      [`/v1/search/first?q=a&repository=${theirs.repository}`, '/v1/search/first?q=a&repository=no-such'],
      [`/v1/search/first?symbol=a&repository=${theirs.repository}`, '/v1/search/first?symbol=a&repository=no-such'],
      [
        `/v1/dependencies/first?path=src/a.ts&repository=${theirs.repository}`,
        '/v1/dependencies/first?path=src/a.ts&repository=no-such',
      ],
      [
        `/v1/dependencies/first?path=src/a.ts&format=svg&repository=${theirs.repository}`,
        '/v1/dependencies/first?path=src/a.ts&format=svg&repository=no-such',
      ],
      ['/v1/repositories/second', '/v1/repositories/no-such-org'],
      ['/v1/repositories/second', '/v1/repositories/..%00'],
    ] as const
    for (const [foreign, unknown] of pairs) {
      expect(await bytesOf(foreign)).toEqual(await bytesOf(unknown))
      expect((await bytesOf(foreign)).status).toBe(404)
    }
    const strip = (result: unknown): string => JSON.stringify(result).replaceAll(/req_\w+/g, 'req')
    expect(strip(await callTool(first.apiKey, 'get_run', { run: theirs.run }))).toBe(
      strip(await callTool(first.apiKey, 'get_run', { run: 'no-such' })),
    )
    const tools = {
      search_dependencies: { path: 'src/a.ts' },
      analyze_change_impact: { files: ['src/a.ts'] },
      validate_implementation_spec: { spec: { delete: ['src/a.ts'] } },
    }
    for (const [tool, input] of Object.entries(tools)) {
      const ask = async (more: object): Promise<string> =>
        strip(await callTool(first.apiKey, tool, { ...input, ...more }))
      expect(await ask({ repository: ids['first']?.repository })).toContain('"data"')
      const nobodys = await ask({ repository: 'no-such' })
      expect(nobodys).toContain('not_found')
      expect(await ask({ repository: theirs.repository })).toBe(nobodys)
      expect(await ask({ repository: 'app', org: 'second' })).toBe(nobodys)
    }
    expect(strip(await callTool(first.apiKey, 'search_code', { q: 'a', org: 'second' }))).toBe(
      strip(await callTool(first.apiKey, 'search_code', { q: 'a', org: 'no-such' })),
    )
  })

  it('keep theirs when the other deletes its own', async () => {
    await first.client.call(deleteRepository, { repository: 'app' })
    expect((await first.client.call(searchCode, { q: 'lighthouse' })).data.total).toBe(0)
    expect((await second.client.call(searchCode, { q: 'lighthouse' })).data.total).toBe(2)
  })
})

async function bytesOf(path: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${tenon.url}${path}`, {
    headers: { authorization: `Bearer ${first.apiKey}`, 'x-request-id': 'same-request-id' },
  })
  return { status: response.status, body: await response.text() }
}

async function callTool(apiKey: string, name: string, args: Record<string, unknown>): ReturnType<Client['callTool']> {
  const client = new Client({ name: 'test', version: '1' })
  const headers = { authorization: `Bearer ${apiKey}` }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${tenon.url}/mcp`), { requestInit: { headers } }))
  try {
    return await client.callTool({ name, arguments: args })
  } finally {
    await client.close()
  }
}
