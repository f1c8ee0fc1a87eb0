import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRepository } from '../../../../test/support/git-repository.ts'
import { endOfRun, indexed } from '../../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { SHOP } from '../../../../test/support/shop-repository.ts'
import { fetchOn, URL_BASE } from '../../../../test/support/surfaces.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { addRepository } from '../../../contract/code.ts'
import { searchDependencies, type Dependencies } from '../../../contract/graph.ts'
import { analyzeImpact } from '../../../contract/impact.ts'
import { cancelRun } from '../../../contract/runs.ts'

const folder = temporaryFolder('dependencies')
let node: TestNode
let org: TestOrg
const HOSTILE = 'src/<img src=x onerror=alert(1)>"];a [label="\u{202E}&b.ts'
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('graph')
  const shop = makeRepository(join(folder.path, 'shop'), SHOP)
  const odd = makeRepository(join(folder.path, 'odd'), {
    'src/one.ts': 'export function setUp() {}\nexport class Door {\n  open() {}\n}\n',
    'src/two.ts': 'export function setUp() {}\nexport class Gate {\n  open() {}\n}\n',
    'src/alone.ts': 'function hidden() {}\nexport const unused = 1\nexport const used = 2\n',
    'src/uses.ts': "import { setUp } from './one.ts'\nimport { used } from './alone.ts'\nsetUp(used)\n",
    'src/also.ts': "import { setUp } from './two.ts'\nsetUp()\n",
    'src/broken.ts': "import { setUp } from './one.ts'\nexport const a = = {\n",
    'src/near.ts': "import { setUp } from './moved/one.ts'\nsetUp()\n",
    [HOSTILE]: "import { unused } from './alone.ts'\nunused()\n",
    'main.go': 'package main\n',
  })
  const go = makeRepository(join(folder.path, 'go'), { 'main.go': 'package main\n', 'go.mod': 'module go\n' })
  await Promise.all([shop, odd, go].map((source) => indexed(org, source)))
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

type Filter = Omit<Parameters<typeof org.call<typeof searchDependencies>>[1], 'repository'>
const ask = (input: Filter, repository = 'shop'): Promise<Dependencies> =>
  org.call(searchDependencies, { repository, ...input })
const shown = ({ nodes }: Dependencies): string[] => nodes.map(({ path, distance }) => `${distance} ${path}`)
const around = async (input: Filter, repository?: string): Promise<string[]> => shown(await ask(input, repository))
const refusal = async (input: Filter, repository = 'shop') => {
  const { code, details } = await org.error(searchDependencies, { repository, ...input })
  return [code, ...((details?.['issues'] ?? []) as { path: string }[]).map(({ path }) => path)]
}

const CORE = 'packages/core/src'
const APP = 'packages/app/src'

describe('what depends on a file', () => {
  it('is each file once with its distance and the import it was reached by, nearest first', async () => {
    const answer = await ask({ path: `${CORE}/money.ts` })
    expect(shown(answer)).toEqual([
      `1 ${CORE}/cart.ts`,
      `1 ${CORE}/index.ts`,
      `2 ${APP}/price.ts`,
      `2 ${APP}/server.ts`,
      '2 packages/core/test/cart.test.ts',
      '3 packages/app/test/price.test.ts',
    ])
    expect(answer).toMatchObject({
      repository: 'shop',
      targets: [{ repository: 'shop', path: `${CORE}/money.ts`, symbol: null, line: null }],
      totals: { dependents: 6, dependencies: 0, cycles: 0, unresolved: 0 },
      truncated: false,
      unknown: [],
    })
    expect(answer.nodes[0]).toEqual({
      repository: 'shop',
      path: `${CORE}/cart.ts`,
      direction: 'dependent',
      distance: 1,
      language: 'typescript',
      test: false,
      kind: 'import',
      typeOnly: false,
      via: { path: `${CORE}/money.ts`, repository: 'shop', line: 1, specifier: './money.ts', names: ['addUp'] },
    })
    expect(answer.nodes.at(-1)).toMatchObject({
      test: true,
      via: { path: `${APP}/price.ts`, line: 1, specifier: '../src/price', names: ['price'] },
    })
    expect(await around({ path: 'service/app/models.py' })).toEqual([
      '1 service/app/store.py',
      '2 service/app/views.py',
      '3 service/tests/test_views.py',
    ])
  })

  it('can be left without tests, without types alone, and cut by depth and number', async () => {
    const path = `${CORE}/types.ts`
    expect(await around({ path, includeTests: false, depth: 1 })).toEqual([
      `1 ${CORE}/cart.ts`,
      `1 ${CORE}/index.ts`,
      `1 ${CORE}/money.ts`,
    ])
    expect((await ask({ path })).nodes.every(({ typeOnly }) => typeOnly)).toBe(true)
    expect(await around({ path, typeOnly: false })).toEqual([])
    const near = await ask({ path: `${CORE}/money.ts`, depth: 1 })
    expect([shown(near).length, near.truncated]).toEqual([2, true])
    const few = await ask({ path: `${CORE}/money.ts`, limit: 1 })
    expect([few.nodes.length, few.totals.dependents, few.truncated]).toEqual([1, 6, true])
    expect((await ask({ path: `${CORE}/money.ts`, includeTests: false, depth: 2 })).truncated).toBe(false)
  })

  it('is told beside what it depends on, which may be the same file', async () => {
    const { nodes, totals } = await ask({ path: 'service/app/views.py', direction: 'both' })
    expect(nodes.map(({ direction, distance, path, typeOnly }) => [direction, distance, path, typeOnly])).toEqual([
      ['dependent', 1, 'service/app/store.py', true],
      ['dependency', 1, 'service/app/store.py', false],
      ['dependent', 1, 'service/tests/test_views.py', false],
      ['dependency', 2, 'service/app/models.py', false],
    ])
    expect(totals).toMatchObject({ dependents: 2, dependencies: 2 })
  })
})

describe('what a file depends on', () => {
  it('is what it imports, directly and through others, with the packages beside', async () => {
    const answer = await ask({ path: `${APP}/server.ts`, direction: 'dependencies' })
    expect(answer.nodes.map(({ distance, path, kind, typeOnly }) => [distance, path, kind, typeOnly])).toEqual([
      [1, `${APP}/price.ts`, 'import', false],
      [1, `${CORE}/index.ts`, 'import', false],
      [2, `${CORE}/cart.ts`, 're-export', false],
      [2, `${CORE}/money.ts`, 're-export', false],
      [2, `${CORE}/types.ts`, 're-export', true],
    ])
    expect(answer.externals).toEqual([
      { specifier: 'hono', reason: 'external' },
      { specifier: 'node:fs', reason: 'builtin' },
    ])
    expect((await ask({ path: 'service/app/store.py', direction: 'dependencies' })).externals).toContainEqual({
      specifier: 'typing',
      reason: 'builtin',
    })
  })

  it('has the imports that lead nowhere apart, with the reason', async () => {
    const { nodes, unresolved, totals } = await ask({ path: `${APP}/lost/lost.ts`, direction: 'dependencies' })
    expect(nodes).toEqual([])
    expect(unresolved.map(({ line, specifier, reason }) => [line, specifier, reason])).toEqual([
      [1, './gone', 'not_found'],
      [2, 'left-pad', 'undeclared'],
      [3, null, 'not_literal'],
    ])
    expect(totals.unresolved).toBe(3)
  })

  it('may be itself, in a circle that is told', async () => {
    const { nodes, cycles, totals } = await ask({ path: `${APP}/ring-a.ts`, direction: 'both' })
    expect(nodes.map(({ direction, distance, path }) => `${direction} ${distance} ${path.slice(-4)}`)).toEqual([
      'dependency 1 b.ts',
      'dependent 1 c.ts',
      'dependent 2 b.ts',
      'dependency 2 c.ts',
    ])
    expect(cycles).toEqual([
      { repository: 'shop', size: 3, paths: ['a', 'b', 'c'].map((name) => `${APP}/ring-${name}.ts`) },
    ])
    expect(totals.cycles).toBe(1)
    // An import of types alone is none when the code runs.
    expect((await ask({ path: 'service/app/store.py' })).cycles).toEqual([])
  })
})

describe('what depends on a symbol', () => {
  it('is what uses it by name, through barrels and default exports', async () => {
    const { targets } = await ask({ symbol: 'formatMoney' })
    expect(targets).toEqual([{ repository: 'shop', path: `${CORE}/money.ts`, symbol: 'formatMoney', line: 7 }])
    expect(await around({ symbol: 'formatMoney' })).toEqual([
      `1 ${CORE}/index.ts`,
      `2 ${APP}/price.ts`,
      `3 ${APP}/server.ts`,
      '3 packages/app/test/price.test.ts',
    ])
    const cart = [`1 ${CORE}/index.ts`, '1 packages/core/test/cart.test.ts', `2 ${APP}/server.ts`]
    expect(await around({ symbol: 'Cart' })).toEqual(cart)
    expect(await around({ symbol: 'Cart.total' })).toEqual(cart)
    expect(await around({ symbol: 'total', path: `${CORE}/cart.ts` })).toEqual(cart)
    expect(await around({ symbol: 'load_user' })).toEqual([
      '1 service/app/store.py',
      '2 service/app/views.py',
      '3 service/tests/test_views.py',
    ])
    expect(await around({ symbol: 'formatMoney', includeTests: false, depth: 3 })).not.toContain(
      '3 packages/app/test/price.test.ts',
    )
    expect((await ask({ symbol: 'Item' })).nodes.every(({ typeOnly }) => typeOnly)).toBe(true)
    expect(await around({ symbol: 'Item', typeOnly: false })).toEqual([])
  })

  it('is nothing when nobody uses it, although its file is imported', async () => {
    expect(await around({ symbol: 'hidden' }, 'odd')).toEqual([])
    expect(await around({ symbol: 'used' }, 'odd')).toEqual(['1 src/uses.ts'])
    expect(await around({ symbol: 'NOBODYS' })).toEqual([`1 ${CORE}/index.ts`])
  })

  it('is told of every file that defines one of that name, or of one of them', async () => {
    const { targets } = await ask({ symbol: 'setUp' }, 'odd')
    expect(targets.map(({ path, line }) => [path, line])).toEqual([
      ['src/one.ts', 1],
      ['src/two.ts', 1],
    ])
    expect(await around({ symbol: 'setUp' }, 'odd')).toEqual(['1 src/also.ts', '1 src/broken.ts', '1 src/uses.ts'])
    expect(await around({ symbol: 'setUp', path: 'src/two.ts' }, 'odd')).toEqual(['1 src/also.ts'])
    expect((await ask({ symbol: 'open' }, 'odd')).targets.map(({ symbol }) => symbol)).toEqual([
      'Door.open',
      'Gate.open',
    ])
  })
})

describe('a name that many classes have', () => {
  it('means the symbol that stands alone, and otherwise so many that it is said', async () => {
    const classes = Array.from({ length: 60 }, (_, n) => `class Part${n}:\n    def begin(self):\n        pass\n`)
    const source = makeRepository(join(folder.path, 'many'), {
      'a.py': classes.join(''),
      'z.py': 'def begin():\n    pass\n',
      'y.py': classes.join('').replaceAll('begin', 'end'),
    })
    await indexed(org, source)
    const alone = await ask({ symbol: 'begin' }, 'many')
    expect([alone.targets.map(({ path }) => path), alone.truncated]).toEqual([['z.py'], false])
    const many = await ask({ symbol: 'end' }, 'many')
    expect([many.targets.length, many.truncated]).toEqual([50, true])
    const impact = await org.call(analyzeImpact, { repository: 'many', symbols: [{ name: 'end' }] })
    expect(impact.unknown).toMatchObject([{ path: null, reason: 'limit_reached' }])
  })
})

describe('what can not be told', () => {
  it('is what a file of another language imports, and who imports it', async () => {
    const unknown = [
      {
        path: 'main.go',
        reason: 'language_unsupported',
        detail: 'The graph is not available for this language: go. It can be searched.',
      },
    ]
    for (const repository of ['go', 'odd'])
      expect(await ask({ path: 'main.go' }, repository)).toMatchObject({ nodes: [], unknown })
    expect(await ask({ path: 'README.md' })).toMatchObject({ nodes: [], unknown: [] })
  })

  it('is what stands behind an error of syntax, and what an import that leads nowhere means', async () => {
    const { unknown } = await ask({ path: 'src/one.ts' }, 'odd')
    expect(unknown).toMatchObject([{ path: 'src/near.ts', reason: 'imports_unresolved' }])
    expect(unknown[0]?.detail).toContain("'./moved/one.ts'")
    const near = await ask({ path: `${APP}/lost/found.ts` })
    expect(near).toMatchObject({ nodes: [], unknown: [{ path: `${APP}/lost/lost.ts`, reason: 'imports_unresolved' }] })
    const broken = await ask({ path: 'src/broken.ts', direction: 'dependencies' }, 'odd')
    expect(broken.unknown).toMatchObject([{ path: 'src/broken.ts', reason: 'parse_incomplete' }])
  })

  it('is what does not exist, with its code', async () => {
    expect(await refusal({ path: 'none.ts' })).toEqual(['path_not_found'])
    expect(await refusal({ path: 'packages' })).toEqual(['path_not_found'])
    expect(await refusal({ symbol: 'none' })).toEqual(['symbol_not_found'])
    expect(await refusal({ symbol: 'addUp', path: `${APP}/price.ts` })).toEqual(['symbol_not_found'])
    expect(await refusal({ path: 'a.ts' }, 'none')).toEqual(['not_found'])
    expect(await refusal({ path: `${APP}/price.ts`, project: 'none' })).toEqual(['not_found'])
    expect(await refusal({})).toEqual(['validation_failed', 'query.path'])
    for (const path of ['../x', '/etc/passwd', 'a/../../b', 'C:\\x', 'a\\..\\b', './a', '', 'x'.repeat(5000)])
      expect([path, await refusal({ path })]).toEqual([path, ['validation_failed', 'query.path']])
    for (const depth of [0, 21, 1.5])
      expect(await refusal({ path: 'a', depth })).toEqual(['validation_failed', 'query.depth'])
    expect(await refusal({ path: 'a', limit: 2001 })).toEqual(['validation_failed', 'query.limit'])
    expect(await refusal({ path: 'a\0b' })).toEqual(['validation_failed', 'query'])
  })
})

describe('a drawing', () => {
  const draw = (format: string, path: string, repository: string): Promise<Response> => {
    const query = new URLSearchParams({ repository, path, format, direction: 'both' })
    return fetchOn(node)(`${URL_BASE}/v1/dependencies/graph?${query.toString()}`, {
      headers: { authorization: `Bearer ${org.apiKey}` },
    })
  }

  it('has its media type, and does nothing whatever the files are called', async () => {
    for (const path of ['src/alone.ts', HOSTILE]) {
      const svg = await draw('svg', path, 'odd')
      expect([svg.status, svg.headers.get('content-type')]).toEqual([200, 'image/svg+xml; charset=utf-8'])
      expect(svg.headers.get('x-content-type-options')).toBe('nosniff')
      const text = await svg.text()
      expect(text).toMatch(/^<svg [\s\S]*<\/svg>\s*$/)
      expect(text).not.toMatch(/<(?:img|script|a|foreignObject|image)\b|\u202E/)
      expect(text).toContain('&lt;img')
      const dot = await draw('dot', path, 'odd')
      expect(dot.headers.get('content-type')).toBe('text/vnd.graphviz; charset=utf-8')
      expect(await dot.text()).toMatch(/^digraph [\s\S]*\}\s*$/)
    }
  })

  it('that fails is an error as any other', async () => {
    const response = await draw('svg', 'none.ts', 'odd')
    expect([response.status, response.headers.get('content-type')]).toEqual([404, 'application/json; charset=utf-8'])
    expect(await response.json()).toMatchObject({ error: { code: 'path_not_found' } })
    expect((await draw('png', 'none.ts', 'odd')).status).toBe(400)
  })
})

describe('a repository without a commit that is indexed', () => {
  it('has no answer but that nothing is known, also when indexing it has ended without one', async () => {
    const source = makeRepository(join(folder.path, 'waits'), SHOP)
    await node.worker.stop(0)
    const { run } = await org.call(addRepository, { source })
    const expected = {
      indexedCommit: null,
      targets: [],
      nodes: [],
      truncated: false,
      unknown: [{ path: null, reason: 'not_indexed' }],
    }
    expect(await ask({ path: `${CORE}/money.ts` }, 'waits')).toMatchObject(expected)
    expect(await ask({ symbol: 'none', direction: 'both' }, 'waits')).toMatchObject(expected)
    await org.call(cancelRun, { run: run.id })
    expect((await endOfRun(org, run.id)).status).toBe('cancelled')
    expect(await ask({ path: 'none.ts' }, 'waits')).toMatchObject(expected)
  })
})
