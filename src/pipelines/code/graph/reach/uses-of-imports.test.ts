import { expect, describe, it } from 'vitest'
import { extractFacts } from '../extract/extract.ts'
import { noFacts, type Dialect, type Facts, type ImportFact, type SymbolFact } from '../facts.ts'
import { touchedEntryPoints } from '../../impact/entry-points.ts'
import { usesOfImports } from './uses-of-imports.ts'

function usesOf(text: string, dialect: Dialect): readonly (readonly [string | null, object])[] {
  return [...usesOfImports(extractFacts(text, dialect))].map(([{ specifier }, uses]) => [specifier, uses])
}

describe('where an import is felt', () => {
  const cases: readonly (readonly [string, Dialect, string, object])[] = [
    [
      'in the exports that use it',
      'ts',
      "import { a } from 'm'\nconst b = () => a()\nexport const c = () => b()\nexport const d = 1",
      { a: ['c'] },
    ],
    ['nowhere when it is unused', 'ts', "import { a } from 'm'\nexport const b = 1", { a: [] }],
    [
      'nowhere when what uses it is unused',
      'ts',
      "import { a } from 'm'\nconst c = () => a\nexport const b = 1",
      { a: [] },
    ],
    [
      'in all that is exported when it runs on loading',
      'ts',
      "import { a } from 'm'\na()\nexport const b = 1",
      { a: ['*'] },
    ],
    ['in all when it is there for its effects', 'ts', "import 'm'\nexport const b = 1", { '*': ['*'] }],
    ['in all of a file that exports nothing', 'ts', "import { a } from 'm'\nfunction b() { return a() }", { a: ['*'] }],
    ['under another name', 'ts', "export { a as b } from 'm'", { a: ['b'] }],
    ['under the name of a namespace', 'ts', "export * as b from 'm'", { '*': ['b'] }],
    ['as it is', 'ts', "export * from 'm'", { '*': ['*'] }],
    [
      'where it is exported and where it is used',
      'ts',
      "import { a } from 'm'\nexport { a as b }\nexport const c = () => a()",
      { a: ['b', 'c'] },
    ],
    [
      'in what imports it when it runs',
      'ts',
      "export const b = async () => (await import('m')).a()\nexport const c = 1",
      { a: ['b'] },
    ],
    ['in all of a test that mocks it', 'ts', "vi.mock('m')\nexport const c = 1", { '*': ['*'] }],
    ['under a name of an own kind', 'ts', "export { a as __proto__ } from 'm'", { a: ['__proto__'] }],
    [
      'under each name of a module of Python',
      'py',
      'from m import a, b\n\ndef c():\n    return a()\n',
      { a: ['a', 'c'], b: ['b'] },
    ],
    ['in all of a module of Python that takes all', 'py', 'from m import *\n', { '*': ['*'] }],
  ]
  it.each(cases)('%s', (_, dialect, text, uses) => {
    expect(usesOf(text, dialect)).toEqual([['m', uses]])
  })

  it('is kept under names such as `__proto__`', () => {
    const [[, uses] = ['', {}]] = usesOf("export { __proto__ as a } from 'm'", 'ts')
    expect(Object.entries(uses)).toEqual([['__proto__', ['a']]])
  })
})

function symbolOf(name: string, uses: readonly string[], exportedAs: readonly string[]): SymbolFact {
  return { name, kind: 'function', line: 1, startLine: 1, endLine: 1, exportedAs, signature: '', digest: '', uses }
}

it('is found in moments in a file in which everything uses everything', () => {
  const names = Array.from({ length: 2_000 }, (_, i) => `s${i}`)
  const locals = names.map((name) => `import_${name}`)
  const imports = locals.map((local): ImportFact => {
    const imported = { imported: local, local, exportedAs: null }
    return { specifier: local, kind: 'import', typeOnly: false, line: 1, names: [imported] }
  })
  const symbols = names.map((name) => symbolOf(name, [...names, ...locals], [name]))
  const facts: Facts = { ...noFacts('', false), symbols, imports }
  const start = performance.now()
  const uses = usesOfImports(facts)
  expect([...uses.values()].every((one) => Object.values(one)[0]?.[0] === '*')).toBe(true)
  expect(performance.now() - start).toBeLessThan(5000)
})

describe('entry points that are touched', () => {
  const symbols = [symbolOf('a', [], ['A']), symbolOf('b', [], ['b']), symbolOf('inner', [], [])]
  const entryPoints = [{ symbol: 'a' }, { symbol: 'b' }, { symbol: 'inner' }, { symbol: null }]
  const cases: readonly (readonly [string, readonly string[], readonly (string | null)[]])[] = [
    ['are all when all of the file is', ['*'], ['a', 'b', 'inner', null]],
    ['are all when nothing that can be imported is', [], ['a', 'b', 'inner', null]],
    ['are those of affected symbols, and those in doubt', ['A'], ['a', 'inner']],
  ]
  it.each(cases)('%s', (_, names, expected) => {
    const touched = touchedEntryPoints({ entryPoints, symbols }, new Set(names))
    expect(touched.map(({ symbol }) => symbol)).toEqual(expected)
  })
})
