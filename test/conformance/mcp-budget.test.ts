import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository } from '../../src/contract/code.ts'
import { addRepositoryToProject, createProject } from '../../src/contract/projects.ts'
import { PLANS } from '../../src/contract/plans.ts'
import { BYTES_PER_TOKEN, sizeOf } from '../../src/kernel/fit-page.ts'
import { operationTools, TOOLS } from '../../src/surfaces/mcp/tools.ts'
import { makeRepository } from '../support/git-repository.ts'
import { endOfRun, indexed } from '../support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../support/node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

/** What the answer of a tool has at most, when its caller has not asked for more. */
const MAX_TOKENS = 10_000

const long = (name: string, length = 100) => `${name}-${'x'.repeat(length - name.length - 1)}`
const DEEP = Array.from({ length: 4 }, (_, n) => long(`folder-${n}`, 120)).join('/')
const BIG = long('big')
const COUNT = 30

const folder = temporaryFolder('mcp-budget')
let node: TestNode
let org: TestOrg
let run = ''
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('plenty')
  await fill()
}, 120_000)
afterAll(async () => {
  await node.close()
  folder.remove()
})

/** Many of everything, with names as long as they may be and content that is as long as JSON can make it. */
async function fill(): Promise<void> {
  expect(PLANS.team.repositories).toBeGreaterThan(COUNT + 1)
  const uses = Array.from({ length: 300 }, (_, n) => [
    `${DEEP}/${long(`uses-${n}`)}.ts`,
    `import { greet } from '${'../'.repeat(4)}core.ts'\nexport const use${n} = greet(${n})\n`,
  ])
  const source = makeRepository(join(folder.path, 'big'), {
    ...Object.fromEntries(uses),
    'core.ts': 'export function greet(n: number) {\n  return n\n}\n',
    'quotes.txt': `needle ${'"needle" '.repeat(300)}\n`.repeat(300),
    'control.txt': `${'\u0001'.repeat(100)}\n`.repeat(5_000),
    'one-line.txt': '"'.repeat(200_000),
    'chinese.txt': `${'\u4e2d\u6587'.repeat(50)}\n`.repeat(2_000),
  })
  await indexed(org, source, { name: BIG })
  const small = makeRepository(join(folder.path, 'small'), { 'a.ts': 'export const a = 1\n' })
  const project = long('project')
  await org.call(createProject, { name: project, description: '"'.repeat(500) })
  for (let n = 0; n < COUNT; n++) {
    const added = await org.call(addRepository, { source: small, name: long(`small-${n}`) })
    await org.call(addRepositoryToProject, { project, repository: added.repository.id })
    await org.call(createProject, { name: long(`project-${n}`), description: '"'.repeat(500) })
    if (n % 5 === 4) await endOfRun(org, run)
    run = added.run.id
  }
  await endOfRun(org, run)
  await node.database.query(`update repositories set source = rpad(source, 2000, '"')`)
}

/** What each tool is asked, with nothing in it that says how much. */
const ASKED: Readonly<Record<string, () => Record<string, unknown>>> = {
  index_repository: () => ({ source: join(folder.path, 'small'), name: long('another') }),
  list_repositories: () => ({}),
  create_project: () => ({ name: long('made'), description: '"'.repeat(500) }),
  list_projects: () => ({}),
  get_project: () => ({ project: long('project') }),
  update_project: () => ({ project: long('made'), description: '"'.repeat(499) }),
  add_repository_to_project: () => ({ project: long('made'), repository: BIG }),
  remove_repository_from_project: () => ({ project: long('made'), repository: BIG }),
  delete_project: () => ({ project: long('made') }),
  search_code: () => ({ q: 'needle' }),
  get_file: () => ({ repository: BIG, path: 'quotes.txt' }),
  list_recent_files: () => ({ repository: BIG }),
  search_dependencies: () => ({ repository: BIG, path: 'core.ts' }),
  analyze_change_impact: () => ({ repository: BIG, files: ['core.ts'] }),
  validate_implementation_spec: () => ({ repository: BIG, spec: SPEC }),
  get_credits: () => ({}),
  list_findings: () => ({}),
  list_runs: () => ({}),
  get_run: () => ({ run, waitSeconds: 1 }),
  run_pipeline: () => ({ pipeline: 'git/code/index', input: { repository: BIG } }),
  cancel_run: () => ({ run }),
}
const SPEC = {
  create: Array.from({ length: 200 }, (_, n) => ({
    path: `${DEEP}/${long(`uses-${n}`)}.ts`,
    imports: [`./${long(`missing-${n}`)}.ts`],
  })),
  modify: Array.from({ length: 200 }, (_, n) => ({ path: `${DEEP}/${long(`missing-${n}`)}.ts` })),
}

interface Answer {
  readonly data: unknown
  readonly meta?: { readonly pagination: { readonly nextCursor: string | null } }
}

async function ask(name: string, args: Record<string, unknown>): Promise<Answer> {
  const tool = operationTools(node.caller).find((one) => one.tool.name === name)
  if (tool === undefined) throw new Error(`no tool ${name}`)
  const { structuredContent, isError = false } = await tool.call(args, {
    credentials: { apiKey: org.apiKey },
    requestId: 'request-of-a-test',
    address: '192.0.2.1',
    signal: new AbortController().signal,
  })
  // A run that has ended is not cancelled any more.
  if (isError && name !== 'cancel_run') throw new Error(`${name}: ${JSON.stringify(structuredContent)}`)
  return structuredContent as Answer
}

async function tokensOf(name: string, args: Record<string, unknown>): Promise<number> {
  return sizeOf(await ask(name, args)) / BYTES_PER_TOKEN
}

/** What the pages of a list have, one after the other. */
async function entriesOf(name: string, args: Record<string, unknown>, list: ListIn): Promise<unknown[]> {
  const entries: unknown[] = []
  let cursor: string | null | undefined
  while (cursor !== null) {
    const { data, meta } = await ask(name, { ...args, ...(cursor === undefined ? {} : { cursor }) })
    entries.push(...list(data))
    cursor = meta?.pagination.nextCursor ?? null
  }
  return entries
}
type ListIn = (data: unknown) => readonly unknown[]

describe('the answer of a tool', () => {
  it('is looked at for every tool', () => {
    expect(Object.keys(ASKED).toSorted()).toEqual([...TOOLS.keys()].toSorted())
  })

  for (const [name, args] of Object.entries(ASKED))
    it(`has at most ${MAX_TOKENS} tokens unless more are asked for: ${name}`, async () => {
      expect(await tokensOf(name, args())).toBeLessThanOrEqual(MAX_TOKENS)
    })

  it('is cut where there is much, so that this is a test', async () => {
    for (const [name, more] of [
      ['search_code', { limit: 200 }],
      ['list_repositories', { limit: 200 }],
      ['list_recent_files', { limit: 200 }],
      ['get_file', { lines: 5_000 }],
      ['search_dependencies', { limit: 2_000 }],
      ['analyze_change_impact', { limit: 500 }],
    ] as const) {
      const asked = { ...ASKED[name]?.(), maxTokens: 100_000, ...more }
      expect([name, (await tokensOf(name, asked)) > MAX_TOKENS]).toEqual([name, true])
    }
  })

  it('is cut in a file of quotes, of control characters, of one line and of another script', async () => {
    for (const path of ['quotes.txt', 'control.txt', 'one-line.txt', 'chinese.txt']) {
      const tokens = await tokensOf('get_file', { repository: BIG, path })
      expect([path, tokens > 500, tokens <= MAX_TOKENS]).toEqual([path, true, true])
    }
  })

  const all: ListIn = (data) => data as unknown[]
  const LISTS: readonly (readonly [name: string, list: ListIn])[] = [
    ['list_repositories', all],
    ['list_projects', all],
    ['list_runs', all],
    ['list_recent_files', all],
    ['get_project', (data) => (data as { repositories: unknown[] }).repositories],
    ['search_code', (data) => (data as { matches: unknown[] }).matches],
  ]
  for (const [name, list] of LISTS)
    it(`goes on where it was cut: ${name}`, async () => {
      const args = ASKED[name]?.() ?? {}
      const whole = await entriesOf(name, { ...args, limit: 200, maxTokens: 100_000 }, list)
      const cut = await entriesOf(name, { ...args, limit: 200, maxTokens: 2_000 }, list)
      expect(whole.length).toBeGreaterThan(COUNT - 5)
      expect(cut).toEqual(whole)
    })
})
