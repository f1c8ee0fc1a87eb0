import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parseTruth, parseTxtar, TRUTH } from './txtar.ts'

const FIXTURES = new URL('../fixtures/graph/', import.meta.url)
const names = readdirSync(fileURLToPath(FIXTURES))
  .filter((name) => name.endsWith('.txtar'))
  .toSorted()

function readFixture(name: string) {
  const files = parseTxtar(readFileSync(new URL(name, FIXTURES), 'utf8'))
  const text = files.get(TRUTH)
  if (text === undefined) throw new Error(`${name} has no TRUTH`)
  return { files, text, truth: parseTruth(text) }
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : Number(a > b))

describe('parseTxtar', () => {
  it('keeps the text of each file as it is, without the comment', () => {
    const text = 'about\n-- a.ts --\n\uFEFFone\r\n--not--\r\n-- empty --\n-- dir/b c.ts --\n-- x\n'
    expect([...parseTxtar(text)]).toEqual([
      ['a.ts', '\uFEFFone\r\n--not--\r\n'],
      ['empty', ''],
      ['dir/b c.ts', '-- x\n'],
    ])
    expect([...parseTxtar('-- a --\nno newline')]).toEqual([['a', 'no newline']])
  })

  it('refuses an archive without files and a path listed twice', () => {
    expect(() => parseTxtar('only a comment')).toThrow('without files')
    expect(() => parseTxtar('-- a --\n-- b --\n-- a --\n')).toThrow('Twice in the archive: a')
    expect(() => parseTxtar('-- a --\n-- a --\n')).toThrow('Twice in the archive: a')
  })
})

describe('parseTruth', () => {
  it('reads edges and what stays unresolved', () => {
    const text =
      '# why\na.ts -> b.ts import\n\na.ts -> b.ts re-export type\na.ts !! node:fs builtin\na.ts !! - not_literal\n'
    expect(parseTruth(text)).toEqual({
      edges: [
        { src: 'a.ts', dst: 'b.ts', kind: 'import', typeOnly: false },
        { src: 'a.ts', dst: 'b.ts', kind: 're-export', typeOnly: true },
      ],
      unresolved: [
        { src: 'a.ts', specifier: 'node:fs', reason: 'builtin' },
        { src: 'a.ts', specifier: null, reason: 'not_literal' },
      ],
    })
  })

  it.each([
    ['a.ts -> b.ts', 'four words'],
    ['a.ts  -> b.ts import', 'four words'],
    ['a.ts => b.ts import', 'expected -> or !!'],
    ['a.ts -> b.ts imports', 'unknown kind imports'],
    ['a.ts -> b.ts import types', 'only `type`'],
    ['a.ts -> b.ts import type type', 'only `type`'],
    ['a.ts -> b.ts import\na.ts -> b.ts import type', 'TRUTH line 2: listed twice'],
    ['a.ts !! fs missing', 'unknown reason missing'],
    ['a.ts !! fs builtin type', 'nothing may follow'],
    ['a.ts !! - external', 'not a literal'],
    ['a.ts !! name not_literal', 'not a literal'],
  ])('refuses %s', (text, message) => {
    expect(() => parseTruth(text)).toThrow(message)
  })
})

describe('fixtures of the import graph', () => {
  it.each(names)('%s: files are there, lines sorted, each source line once', (name) => {
    const { files, text, truth } = readFixture(name)
    expect([...files.keys()].at(-1)).toBe(TRUTH)
    const paths = [...truth.edges.flatMap(({ src, dst }) => [src, dst]), ...truth.unresolved.map(({ src }) => src)]
    expect(paths.filter((path) => path === TRUTH || !files.has(path))).toEqual([])
    expect(truth.edges.filter(({ src, dst }) => src === dst)).toEqual([])
    const lines = text.split('\n').filter((line) => line !== '')
    for (const sign of [' -> ', ' !! ']) {
      const sources = lines.filter((line) => line.includes(sign)).map((line) => line.split(' ')[0] ?? '')
      expect(sources).toEqual(sources.toSorted(byCodeUnits))
    }
    expect(lines.findLastIndex((line) => line.includes(' -> '))).toBe(truth.edges.length - 1)
  })

  it('are many, of all kinds and reasons', () => {
    const truths = names.map((name) => readFixture(name).truth)
    const edges = truths.flatMap((truth) => truth.edges)
    const kinds = new Set(edges.map(({ kind }) => kind))
    const reasons = new Set(truths.flatMap((truth) => truth.unresolved.map(({ reason }) => reason)))
    expect(names.length).toBeGreaterThanOrEqual(9)
    expect(edges.length).toBeGreaterThanOrEqual(260)
    expect(kinds.size).toBeGreaterThanOrEqual(7)
    expect(reasons.size).toBe(5)
    expect(edges.filter(({ typeOnly }) => typeOnly).length).toBeGreaterThanOrEqual(30)
  })

  it('keep what an editor might take away: byte order marks, CRLF, names beyond ASCII', () => {
    const { files } = readFixture('traps.txtar')
    expect(files.get('src/bom.ts')?.startsWith('\uFEFFimport')).toBe(true)
    expect(files.get('src/bom-crlf.tsx')?.startsWith('\uFEFFimport')).toBe(true)
    expect(files.get('src/crlf.ts')).not.toMatch(/[^\r]\n/)
    expect(files.has('src/gr\u00F6\u00DFe/\u00F1and\u00FA.ts')).toBe(true)
  })
})
