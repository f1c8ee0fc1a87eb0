import { describe, expect, it, test } from 'vitest'
import type { EdgeRow } from './graph.sql.ts'
import { implicitEdges } from './implicit-edges.ts'

type Edge = Partial<EdgeRow> & { readonly from: string; readonly dst: string | null }

interface Given {
  readonly paths: readonly string[]
  readonly edges?: readonly Edge[]
  readonly texts?: Readonly<Record<string, string>>
}

function found({ paths, edges = [], texts = {} }: Given) {
  const rows = edges.map(({ from, ...edge }, n): readonly [string, EdgeRow] => [
    from,
    {
      n,
      reason: null,
      kind: 'import',
      typeOnly: false,
      line: 1,
      specifier: './x',
      names: [],
      uses: null,
      module: null,
      ...edge,
    },
  ])
  const all = [...paths, ...Object.keys(texts)]
  const bySrc = new Map([...Map.groupBy(rows, ([src]) => src)].map(([src, of]) => [src, of.map(([, row]) => row)]))
  return implicitEdges({ paths: all, edges: bySrc, configTexts: new Map(Object.entries(texts)) })
}

const shown = (given: Given): Record<string, string[]> =>
  Object.fromEntries([...found(given)].map(([src, edges]) => [src, edges.map(({ dst }) => dst)]))

describe('Of pytest', () => {
  test.each<[what: string, paths: string[], expected: Record<string, string[]>]>([
    ['a test beside it', ['conftest.py', 'test_a.py'], { 'test_a.py': ['conftest.py'] }],
    [
      'a test below, and the conftest of its folder',
      ['conftest.py', 'a/b/conftest.py', 'a/b/c/a_test.py'],
      { 'a/b/conftest.py': ['conftest.py'], 'a/b/c/a_test.py': ['a/b/conftest.py', 'conftest.py'] },
    ],
    ['tests of Django', ['app/conftest.py', 'app/tests.py'], { 'app/tests.py': ['app/conftest.py'] }],
    ['no other file', ['conftest.py', 'a.py', 'tests/a.py', 'test_a.txt', 'attest.py'], {}],
    ['no test elsewhere', ['a/conftest.py', 'ab/test_a.py', 'test_a.py'], {}],
  ])('conftest.py is loaded for %s', (_, paths, expected) => {
    expect(shown({ paths })).toEqual(expected)
  })

  it('an edge is a reference to all of it', () => {
    const paths = new Set(['conftest.py', 'test_a.py'])
    expect(implicitEdges({ paths, edges: new Map() }).get('test_a.py')).toEqual([
      {
        dst: 'conftest.py',
        reason: null,
        kind: 'reference',
        typeOnly: false,
        line: 1,
        specifier: 'conftest.py',
        names: ['*'],
        uses: '{"*":["*"]}',
        module: null,
      },
    ])
  })

  test.each<[what: string, edge: Partial<EdgeRow>, expected: number]>([
    ['of all', { uses: '{"*":["*"]}' }, 0],
    ['of which nothing is known', {}, 0],
    ['of a name', { uses: '{"a":["*"]}' }, 1],
    ['of types', { typeOnly: true }, 1],
  ])('an import %s is told from it', (_, edge, expected) => {
    const paths = ['conftest.py', 'test_a.py']
    expect(found({ paths, edges: [{ from: 'test_a.py', dst: 'conftest.py', ...edge }] }).size).toBe(expected)
  })
})

describe('What is mocked is replaced by', () => {
  const from = 'src/a.test.ts'
  const paths = [
    'src/b/__mocks__/x.js',
    'src/b/__mocks__/x.ts',
    '__mocks__/fs.ts',
    '__mocks__/@acme/ui.js',
    'src/__mocks__/lodash.js',
  ]
  test.each<[what: string, edge: Partial<EdgeRow> & { dst: string | null }, expected: string[] | undefined]>([
    ['a file', { kind: 'mock', dst: 'src/b/x.ts' }, ['src/b/__mocks__/x.js', 'src/b/__mocks__/x.ts']],
    ['none for another', { kind: 'mock', dst: 'src/x.ts' }, undefined],
    ['none for an import', { kind: 'import', dst: 'src/b/x.ts' }, undefined],
    ['a builtin', { kind: 'mock', dst: null, reason: 'builtin', specifier: 'node:fs' }, ['__mocks__/fs.ts']],
    ['a package', { kind: 'mock', dst: null, reason: 'external', specifier: 'lodash' }, ['src/__mocks__/lodash.js']],
    ['a workspace', { kind: 'mock', dst: 'ui/index.ts', specifier: '@acme/ui' }, ['__mocks__/@acme/ui.js']],
    ['nothing that is computed', { kind: 'mock', dst: null, reason: 'not_literal', specifier: null }, undefined],
  ])('a file in __mocks__: %s', (_, edge, expected) => {
    expect(shown({ paths, edges: [{ from, ...edge }] })[from]).toEqual(expected)
  })
})

describe('The setup of a configuration', () => {
  const paths = ['test/setup.ts', 'test/all.js', 'src/a.test.ts', 'other/b.js']
  test.each<[file: string, text: string, expected: string[] | undefined]>([
    ['vitest.config.ts', "export default { test: { setupFiles: ['./test/setup.ts'] } }", ['test/setup.ts']],
    ['vite.config.mjs', "setupFiles: './test/setup', globalSetup: ['test/all.js']", ['test/setup.ts', 'test/all.js']],
    ['jest.config.js', "module.exports = { setupFilesAfterEnv: ['<rootDir>/test/setup.ts',], }", ['test/setup.ts']],
    ['jest.config.js', 'globalTeardown: `${__dirname}/test/all.js`', ['test/all.js']],
    ['jest.config.cjs', "globalSetup: require.resolve('./test/all.js'),", ['test/all.js']],
    [
      'vitest.config.ts',
      "setupFiles: [resolve(__dirname, 'test/setup.ts'), fileURLToPath(new URL('./test/all.js', u))]",
      ['test/setup.ts', 'test/all.js'],
    ],
    ['package.json', '{ "jest": { "setupFiles": ["<rootDir>/test/setup.ts"] } }', ['test/setup.ts']],
    ['config/jest.config.json', '{ "rootDir": "..", "globalSetup": "<rootDir>/test/all.js" }', ['test/all.js']],
    ['jest.config.js', "rootDir: 'test', setupFiles: ['<rootDir>/setup']", ['test/setup.ts']],
    ['vitest.config.ts', "// setupFiles: ['./test/setup.ts']\n/* globalSetup: './test/all.js' */", undefined],
    ['vitest.config.ts', "setupFiles: /* ' */ [ // ' \n './test/setup.ts'], other: './test/all.js'", ['test/setup.ts']],
    ['vitest.config.ts', "setupFiles: ['./missing.ts', 'dotenv/config', '../../up.ts', name]", undefined],
    ['other/vitest.config.ts', "setupFiles: ['../test/setup.ts']", undefined],
    ['src/vitest.config.test.ts', "setupFiles: ['../test/setup.ts']", undefined],
    ['node_modules/a/jest.config.js', "rootDir: '../..', setupFiles: ['<rootDir>/test/setup.ts']", undefined],
    ['rollup.config.js', "setupFiles: ['./test/setup.ts']", undefined],
  ])('%s: %s', (file, text, expected) => {
    expect(shown({ paths, texts: { [file]: text } })['src/a.test.ts']).toEqual(expected)
  })

  it('is loaded for every test that can be run below it, and for nothing else', () => {
    const tests = ['p/src/a.test.ts', 'p/test/b.js', 'p/c.spec.tsx']
    const others = ['p/src/a.ts', 'p/test/helpers/x.js', 'p/test/used.js', 'q/a.test.ts', 'p/test_a.py', 'p/ATest.java']
    const edges = [{ from: 'p/test/b.js', dst: 'p/test/used.js' }]
    const texts = { 'p/vitest.config.ts': "setupFiles: ['setup.test.ts']" }
    const answer = shown({ paths: ['p/setup.test.ts', ...tests, ...others], edges, texts })
    expect(answer).toEqual(Object.fromEntries(tests.map((path) => [path, ['p/setup.test.ts']])))
  })

  it.each([
    ['quotes', `setupFiles: [${"'\\".repeat(100_000)}`],
    ['comments', `setupFiles: ${'/*'.repeat(100_000)}`],
    ['brackets', `setupFiles: ${'['.repeat(200_000)}`],
    ['keys', 'setupFiles:'.repeat(20_000)],
  ])('is found in little time in a text of nothing but %s', (_, text) => {
    const begun = performance.now()
    expect(shown({ paths, texts: { 'vitest.config.ts': text } })).toEqual({})
    expect(performance.now() - begun).toBeLessThan(1_000)
  })
})

test('what is loaded for one file, and the time for many, is bounded', () => {
  const setups = Array.from({ length: 90 }, (_, n) => `s/${n}.js`)
  const tests = Array.from({ length: 20_000 }, (_, n) => `a/b/c/${n}.test.js`)
  const texts = { 'jest.config.js': `setupFiles: [${setups.map((path) => `'./${path}'`).join()}]` }
  const begun = performance.now()
  const all = [...found({ paths: [...setups, ...tests], texts }).values()]
  expect(performance.now() - begun).toBeLessThan(5_000)
  expect([all[0]?.length, all.flat().length]).toEqual([50, 500_000])
})
