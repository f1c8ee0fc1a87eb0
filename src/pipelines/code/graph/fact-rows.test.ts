import { describe, expect, it, test } from 'vitest'
import { factRowsOf } from './fact-rows.ts'
import type { KeptImport } from './kept-imports.ts'

interface Row {
  readonly incomplete: boolean
  readonly imports: string
}

function rowsOf(text: string): { row: Row; imports: KeptImport[]; symbols: number; entryPoints: number } {
  const rows = factRowsOf()
  rows.add({ sha: 'a', dialect: 'ts', content: Buffer.from(text) })
  const { facts, symbols, entryPoints } = rows.take()
  const [row] = JSON.parse(facts) as Row[]
  if (row === undefined) throw new Error('no row')
  const countOf = (json: string): number => (JSON.parse(json) as unknown[]).length
  const imports = JSON.parse(row.imports) as KeptImport[]
  return { row, imports, symbols: countOf(symbols), entryPoints: countOf(entryPoints) }
}

const times = (count: number, text: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => text(n)).join('')
const names = (count: number): string => times(count, (n) => `n${n},`)

test('of a file within bounds all is kept', () => {
  const text = `import { a } from 'x'\nexport const b = a\n${times(6_000, (n) => `import 'm${n}'\nconst c${n} = 1\n`)}`
  const { row, imports, symbols } = rowsOf(text)
  expect([row.incomplete, imports.length, symbols]).toEqual([false, 6_001, 6_001])
  expect(imports[0]?.uses).toEqual({ a: ['b'] })
})

describe('A file is incomplete when', () => {
  it('there are too many symbols', () => {
    const { row, symbols } = rowsOf(times(20_001, (n) => `const c${n} = 1\n`))
    expect([row.incomplete, symbols]).toEqual([true, 20_000])
  })

  it('a symbol has too long a name', () => {
    const { row, symbols } = rowsOf(`const ${'a'.repeat(301)} = 1\nconst b = 1`)
    expect([row.incomplete, symbols]).toEqual([true, 1])
  })

  it('there are too many entry points', () => {
    const { row, entryPoints } = rowsOf(`const app = express()\n${times(5_001, (n) => `app.get('/r${n}', f)\n`)}`)
    expect([row.incomplete, entryPoints]).toEqual([true, 5_000])
  })
})

describe.each([
  ['import', `import { ${names(90_000)} } from 'x'\nimport { y } from 'y'\nexport const a = y`],
  ['re-export', `export { ${names(90_000)} } from 'x'\nimport { y } from 'y'\nexport const a = y`],
])('An %s of too many names', (_, text) => {
  it('is one of the whole module, and others are as they were', () => {
    const { row, imports } = rowsOf(text)
    expect(row.incomplete).toBe(true)
    expect(row.imports.length).toBeLessThan(1_000)
    const shown = imports.map(({ specifier, kind, uses, names: of }) => [specifier, kind, of[0]?.imported, uses])
    expect(shown).toEqual([
      ['x', 'import', '*', { '*': ['*'] }],
      ['y', 'import', 'y', { y: ['a'] }],
    ])
  })
})

test('names of all imports are counted together', () => {
  const many = times(40, (n) => `import { ${times(1_000, (m) => `n${m} as _${n}_${m},`)} } from '${n}'\n`)
  const { row, imports } = rowsOf(many)
  expect([row.incomplete, imports.length]).toEqual([true, 40])
  expect(imports.filter(({ uses }) => uses['*']?.[0] === '*').length).toBeGreaterThan(1)
  expect(row.imports.length).toBeLessThanOrEqual(2_000_000)
})

test('the text of all imports is bounded', () => {
  const many = rowsOf(times(40_000, (n) => `import '${n}'\n`))
  expect(many.row.incomplete).toBe(true)
  expect(many.row.imports.length).toBeLessThanOrEqual(2_000_000)
  expect(many.row.imports.length).toBeGreaterThan(1_990_000)

  const exported = times(150, (n) => `export const ${'y'.repeat(200)}${n} = all\n`)
  const wide = rowsOf(`import { ${names(1_000)} } from 'x'\nconst all = [${names(1_000)}]\n${exported}`)
  expect([wide.row.incomplete, wide.imports[0]?.uses]).toEqual([true, { '*': ['*'] }])
})

test('a specifier that is too long counts as computed, and its line is kept', () => {
  const { row, imports } = rowsOf(`\nimport { a } from './${'x'.repeat(999)}'\nimport './${'y'.repeat(998)}'`)
  expect(row.incomplete).toBe(false)
  expect(imports.map(({ specifier, line }) => [specifier?.length ?? null, line])).toEqual([
    [null, 2],
    [1_000, 3],
  ])
})
