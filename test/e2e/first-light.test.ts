import { execFileSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from '@modelcontextprotocol/client'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTenon, tenonCli, type Tenon } from '../support/tenon.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const port = 17421
const folder = temporaryFolder('first-light')
let tenon: Tenon
let demo: { url: string; org: string; apiKey: string; rootKey: string }

beforeAll(async () => {
  tenon = await startTenon({ dataDir: folder.path, port, env: { TENON_DEMO: '1' }, until: 'Ctrl-C stops' })
  demo = JSON.parse(readFileSync(join(folder.path, 'demo.json'), 'utf8'))
}, 120_000)
afterAll(async () => {
  await tenon.stop()
  folder.remove()
})

describe('the first start', () => {
  it('prints a search over the repository that it was cloned as', () => {
    expect(tenon.output()).toMatch(/src\/contract\/\S+\.ts/)
  })

  it('keeps the demo key for its user alone', () => {
    expect(statSync(join(folder.path, 'demo.json')).mode & 0o777).toBe(0o600)
    expect(demo).toMatchObject({ url: tenon.url, org: 'demo' })
  })

  it('gives the same matches by REST, CLI and MCP, and they are those of git grep', async () => {
    const q = 'defineOperation('
    const response = await fetch(`${tenon.url}/v1/search/demo?q=${encodeURIComponent(q)}&limit=200`, {
      headers: { authorization: `Bearer ${demo.apiKey}` },
    })
    expect(response.status).toBe(200)
    const rest = (await response.json()) as { data: { matches: { path: string; line: number }[]; total: number } }

    const cli = await tenonCli(['search', q, '--limit', '200', '--json'], { TENON_DATA_DIR: folder.path })
    expect(cli.code).toBe(0)

    const client = new Client({ name: 'test', version: '1' })
    await client.connect(
      new StreamableHTTPClientTransport(new URL(`${tenon.url}/mcp`), {
        requestInit: { headers: { authorization: `Bearer ${demo.apiKey}` } },
      }),
    )
    const mcp = await client.callTool({ name: 'search_code', arguments: { q, limit: 200 } })
    await client.close()

    const matchesOf = (envelope: unknown): unknown => (envelope as typeof rest).data.matches
    expect(matchesOf(JSON.parse(cli.stdout))).toEqual(rest.data.matches)
    expect(matchesOf(mcp.structuredContent)).toEqual(rest.data.matches)

    const grep = execFileSync('git', ['grep', '-n', '-i', '-F', q, 'HEAD', '--'], { cwd: ROOT, encoding: 'utf8' })
    const expected = grep
      .trim()
      .split('\n')
      .map((row) => row.split(':').slice(1, 3).join(':'))
    expect(rest.data.matches.map(({ path, line }) => `${path}:${line}`).toSorted()).toEqual(expected.toSorted())
    expect(rest.data.total).toBe(expected.length)
  })

  it('refuses a second start on the same folder', async () => {
    const second = await tenonCli(['start'], { TENON_DATA_DIR: folder.path, TENON_PORT: String(port + 1) })
    expect(second.code).toBe(6)
    expect(second.stderr).toContain('Another Tenon is running on this data folder.')
  })
})
