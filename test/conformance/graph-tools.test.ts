import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { makeRepository } from '../support/git-repository.ts'
import { indexed } from '../support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../support/node.ts'
import { fetchOn, URL_BASE } from '../support/surfaces.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** The tools over imports, through the official client, as an agent has them. */
const folder = temporaryFolder('graph-tools')
const MANY = 600
let node: TestNode
let org: TestOrg
let client: Client
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('tools')
  const users = Array.from({ length: MANY }, (_, n) => [
    `src/part-${n}/user-of-the-core-${n}.ts`,
    `import { core } from '../core.ts'\nexport const user${n} = core\n`,
  ])
  const files = { 'src/core.ts': 'export const core = 1\n', ...Object.fromEntries(users) } as Record<string, string>
  await indexed(org, makeRepository(join(folder.path, 'wide'), files))
  client = new Client({ name: 'graph-tools', version: '1' })
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', URL_BASE), {
      fetch: fetchOn(node),
      requestInit: { headers: { authorization: `Bearer ${org.apiKey}` } },
    }),
  )
})
afterAll(async () => {
  await client.close()
  await node.close()
  folder.remove()
})

const paths = Array.from({ length: 300 }, (_, n) => `src/none/file-${n}.ts`)
const CALLS = {
  search_dependencies: { repository: 'wide', path: 'src/core.ts' },
  analyze_change_impact: { repository: 'wide', symbols: [{ name: 'core' }] },
  validate_implementation_spec: {
    repository: 'wide',
    spec: { modify: paths.map((path) => ({ path })), delete: paths },
  },
} as const

const totals = z.record(z.string(), z.int())
const answer = z.looseObject({ data: z.looseObject({ truncated: z.boolean(), totals }) })
const dataOf = ({ structuredContent }: { structuredContent?: unknown }) => answer.parse(structuredContent).data

describe('a tool over imports', () => {
  it.each(Object.keys(CALLS))('%s says what it is: it reads, and draws nothing', async (name) => {
    const { tools } = await client.listTools()
    const tool = tools.find((one) => one.name === name)
    expect(tool?.title).toMatch(/^[A-Z][a-z ]+$/)
    expect(tool?.annotations).toMatchObject({ readOnlyHint: true, destructiveHint: false, title: tool?.title })
    expect(Object.keys(tool?.inputSchema.properties ?? {})).not.toContain('format')
    expect(tool?.inputSchema.properties?.['maxTokens']).toMatchObject({ default: 8000 })
    expect(tool?.outputSchema?.type).toBe('object')
  })

  it.each(Object.entries(CALLS))(
    '%s answers in the room that it has, and tells the whole number',
    async (name, input) => {
      const whole = await client.callTool({ name, arguments: { ...input, maxTokens: 100_000 } })
      const plain = await client.callTool({ name, arguments: input })
      const brief = await client.callTool({ name, arguments: { ...input, maxTokens: 1000 } })
      const [all, some, few] = [dataOf(whole), dataOf(plain), dataOf(brief)]
      expect(JSON.stringify(some).length).toBeLessThanOrEqual(8000 * 4)
      expect(JSON.stringify(few).length).toBeLessThanOrEqual(1000 * 4)
      expect(JSON.stringify(few).length).toBeGreaterThan(1000 * 2)
      expect([some.truncated, few.truncated]).toEqual([true, true])
      expect([some.totals, few.totals]).toEqual([all.totals, all.totals])
      expect(Math.max(...Object.values(all.totals))).toBeGreaterThanOrEqual(MANY)
      expect([whole, plain, brief].map(({ isError }) => isError ?? false)).toEqual([false, false, false])
    },
  )

  it('refuses a format, and tells an error as one', async () => {
    const drawn = await client.callTool({
      name: 'search_dependencies',
      arguments: { ...CALLS.search_dependencies, format: 'svg' },
    })
    expect(drawn).toMatchObject({ isError: true, structuredContent: { error: { code: 'validation_failed' } } })
    const none = await client.callTool({
      name: 'search_dependencies',
      arguments: { repository: 'wide', path: 'none.ts' },
    })
    expect(none).toMatchObject({ isError: true, structuredContent: { error: { code: 'path_not_found' } } })
  })
})
