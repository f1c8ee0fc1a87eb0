import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { indexFiles, linesOf, storeOf, type Files } from '../../../../test/support/search-index.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { fold } from '../shard/fold.ts'
import { findWindow, WINDOW, type Place, type Scope } from './find.ts'
import { showHits, type LineMatch } from './page.ts'
import { QueryError, type Query } from './query.ts'
import type { ShardStore } from './shard-store.ts'

const folder = temporaryFolder('find')
afterAll(() => folder.remove())
let number = 0

interface Indexed {
  readonly scopes: readonly Scope[]
  readonly store: ShardStore
}

function index(repositories: Readonly<Record<string, Files>>, blobsPerShard = 1000): Indexed {
  const dir = `${folder.path}/${++number}`
  const indexed = Object.entries(repositories).map(([id, files]) => indexFiles(dir, { id, files, blobsPerShard }))
  return { scopes: indexed.map(({ scope }) => scope), store: storeOf(dir, indexed) }
}

const literal = (text: string, more: Partial<Query> = {}): Query => ({
  text,
  mode: 'literal',
  caseSensitive: false,
  ...more,
})

/** Every match, window after window. */
function findAll(
  { scopes, store }: Indexed,
  query: Query,
  until: { deadline: number; most?: number } = { deadline: Number.POSITIVE_INFINITY },
): LineMatch[] {
  const found: LineMatch[] = []
  let from: Place | null = null
  for (let windows = 0; ; windows++) {
    if (windows > 3000) throw new Error('it does not come to an end')
    const window = findWindow(query, scopes, { store, from, until })
    found.push(...showHits(window.hits, window.matcher, store))
    if (window.next === null) return found
    from = window.next
  }
}

const placesOf = (matches: readonly LineMatch[]): string[] =>
  matches.map(({ repository, path, line }) => `${repository}:${path}:${line}`)
const pathsOf = (matches: readonly LineMatch[]): string[] => matches.map(({ path }) => path)

/** What a plain scan of the texts finds. */
function scan(repositories: Readonly<Record<string, Files>>, isMatch: (line: string) => boolean): string[] {
  return Object.entries(repositories).flatMap(([id, files]) =>
    Object.entries(files).flatMap(([path, content]) =>
      linesOf(String(content)).flatMap((line, i) => (isMatch(line) ? [`${id}:${path}:${i + 1}`] : [])),
    ),
  )
}

const anyLine = fc.stringMatching(/^[a-dA-D0-2 _\u00e4\u00c4\u0416\u{1f600}-]{0,24}$/u)
const smallFile = fc
  .array(fc.tuple(anyLine, fc.constantFrom('\n', '\r\n')), { maxLength: 6 })
  .chain((lines) => anyLine.map((last) => lines.map((one) => one.join('')).join('') + last))
const [texts = []] = fc.sample(fc.array(smallFile, { minLength: 250, maxLength: 250 }), { seed: 11, numRuns: 1 })
const corpus = {
  one: Object.fromEntries(texts.slice(0, 120).map((text, i) => [`f${i}.ts`, text])),
  two: {
    ...Object.fromEntries(texts.slice(120).map((text, i) => [`g${i}.ts`, text])),
    'large.ts': texts.join('\r\n').repeat(3),
  },
}
const indexed = index(corpus, 40)

describe('a search', () => {
  it('finds the lines that a plain scan finds, in either case and in one case', () => {
    const needle = fc.stringMatching(/^[a-dA-D0-2 _\u00e4\u00c4\u0416\u{1f600}-]{1,5}$/u)
    fc.assert(
      fc.property(needle, fc.boolean(), (text, caseSensitive) => {
        const wanted = fold(text)
        const isMatch = (one: string): boolean => (caseSensitive ? one.includes(text) : fold(one).includes(wanted))
        const found = findAll(indexed, literal(text, { caseSensitive }))
        expect(placesOf(found).toSorted()).toEqual(scan(corpus, isMatch).toSorted())
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  it('finds the Kelvin sign, the long s and both sigmas by their letters, and a dotted I by itself', () => {
    const special = index({
      r: { a: '5 \u212a\n', b: 'Wa\u017fser\n', c: '\u03a3\u039f\u03a6\u039f\u03a3\n', d: '\u0130stanbul\n' },
    })
    const found = (q: string): string[] => pathsOf(findAll(special, literal(q)))
    expect([
      found('5 k'),
      found('5 K'),
      found('WASSER'),
      found('wa\u017f'),
      found('\u03c3\u03bf\u03c6\u03bf\u03c2'),
    ]).toEqual([['a'], ['a'], ['b'], ['b'], ['c']])
    expect([found('\u0130STAN'), found('istanbul')]).toEqual([['d'], []])
    expect(pathsOf(findAll(special, literal('K', { caseSensitive: true })))).toEqual([])
  })

  it('gives column, line and every range, without the line end', () => {
    const [first, second] = findAll(index({ r: { a: 'one\r\n  foo Foo\r\nfoo' } }), literal('foo'))
    expect(first).toEqual({
      repository: 'r',
      path: 'a',
      line: 2,
      column: 3,
      snippet: '  foo Foo',
      ranges: [
        { start: 2, end: 5 },
        { start: 6, end: 9 },
      ],
    })
    expect(second).toMatchObject({ line: 3, column: 1, snippet: 'foo', ranges: [{ start: 0, end: 3 }] })
  })

  it('marks exactly the occurrences of each line', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-dA-D\u00e4\u{1f600}]{1,2}$/u), (text) => {
        const wanted = fold(text)
        for (const { snippet, ranges, column } of findAll(indexed, literal(text))) {
          const expected = []
          for (let at = fold(snippet).indexOf(wanted); at >= 0; at = fold(snippet).indexOf(wanted, at + text.length))
            expected.push({ start: at, end: at + text.length })
          expect(ranges).toEqual(expected.slice(0, 20))
          expect(column).toBe((expected[0]?.start ?? -1) + 1)
        }
      }),
      { numRuns: 20 },
    )
  })

  it('shows the part of a long line around the first occurrence, never half a character', () => {
    const long = `${'\u{1F600}'.repeat(1000)}needle${'y'.repeat(1000)}`
    const [match] = findAll(index({ r: { a: `first\n${long}\n` } }), literal('NEEDLE'))
    expect(match).toMatchObject({ line: 2, column: 2001 })
    const { start, end } = match?.ranges[0] ?? { start: 0, end: 0 }
    expect(match?.snippet.slice(start, end)).toBe('needle')
    expect(match?.snippet.isWellFormed()).toBe(true)
    expect(match?.snippet.length).toBeLessThanOrEqual(402)
  })

  it('shows where it is also at the very end and in the midst of a line of a megabyte', () => {
    const [atEnd, within] = ['x'.repeat(900_000) + 'needle', `${'x '.repeat(200_000)}needle${' y'.repeat(200_000)}`]
    const found = findAll(index({ r: { a: atEnd, b: within } }), literal('needle'))
    expect(
      found.map(({ column, snippet, ranges: [range] }) => [column, snippet.slice(range?.start, range?.end)]),
    ).toEqual([
      [400_001, 'needle'],
      [900_001, 'needle'],
    ])
  })

  it('masks secrets, also one of several lines that began in the segment before', () => {
    const key = Array.from({ length: 300 }, (_, i) => `MIIEvQIBADANBg${i}kqhkiG9w0BAQEFAASCBKcwggSj`).join('\n')
    const text = `${'filler line\n'.repeat(330)}-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\nafter MIIE\n`
    const found = findAll(index({ r: { a: text, b: 'token = "tn_live_abcdefghijklmnopqrstuv"' } }), literal('MIIE'))
    expect(found.length).toBe(301)
    for (const { snippet } of found.filter(({ line }) => line <= 632)) expect(snippet).toMatch(/^\*+$/)
    expect(found.find(({ line }) => line === 633)?.snippet).toBe('after MIIE')
  })
})

describe('the order of matches', () => {
  it('has definitions first, then whole words, then parts; in each, sources, tests, built files', () => {
    const lines = { definition: 'const thing = 1\n', word: 'a(thing)\n', part: 'xthing\n' }
    const paths = { source: 'src/z.ts', test: 'src/b.test.ts', built: 'dist/a.js' }
    const files = Object.fromEntries(
      Object.values(paths).flatMap((path) =>
        Object.entries(lines).map(([kind, text]) => [path.replace(/([^/]*)$/, `${kind}-$1`), text]),
      ),
    )
    expect(pathsOf(findAll(index({ r: files }), literal('thing')))).toEqual(
      Object.keys(lines).flatMap((kind) => [`src/${kind}-z.ts`, `src/${kind}-b.test.ts`, `dist/${kind}-a.js`]),
    )
  })

  it('is by repository, path and line where nothing else tells', () => {
    const files = { 'b.ts': 'x\nx\n', 'a.ts': 'x\n', B: 'x', '\u00e4': 'x', 'a/b': 'x' }
    const found = findAll(index({ one: files, two: { 'a.ts': 'x' } }), literal('x'))
    expect(placesOf(found)).toEqual([
      'one:B:1',
      'one:a.ts:1',
      'one:a/b:1',
      'one:b.ts:1',
      'one:b.ts:2',
      'one:\u00e4:1',
      'two:a.ts:1',
    ])
  })

  it('knows definitions of several languages', () => {
    const definitions = [
      'export async function thing() {',
      'export default class thing {',
      '    def thing(self):',
      'pub fn thing() {',
      'func thing() int {',
      'interface thing {',
      'type thing = string',
      'enum thing {',
      'let thing',
    ]
    const others = ['return thing', 'classthing', 'the function thing2', 'call(thing)', 'thing']
    const found = findAll(index({ r: { a: [...others, ...definitions].join('\n') } }), literal('thing'))
    expect(found.slice(0, definitions.length).map(({ snippet }) => snippet)).toEqual(definitions)
  })
})

describe('filters', () => {
  const files = {
    'src/a.ts': 'x',
    'src/deep/b.ts': 'x',
    'src/a.test.ts': 'x',
    'docs/readme.md': 'x',
    'docs/.hidden/c.md': 'x',
    'a.ts': 'x',
    'we[i]rd/(1)/{d}.py': 'x',
    'with space/\u00fc.py': 'x',
  }
  const many = index({ r: files })
  const by = (more: Partial<Query>): string[] => pathsOf(findAll(many, literal('x', more))).toSorted()

  it('by language', () => {
    expect(by({ language: 'markdown' })).toEqual(['docs/.hidden/c.md', 'docs/readme.md'])
    expect(by({ language: 'rust' })).toEqual([])
    expect(by({ language: 'typescript', path: 'src/**' })).toEqual(['src/a.test.ts', 'src/a.ts', 'src/deep/b.ts'])
  })

  it('by path', () => {
    const cases: readonly (readonly [string, readonly string[]])[] = [
      ['*.ts', ['a.ts', 'src/a.test.ts', 'src/a.ts', 'src/deep/b.ts']],
      ['a.ts', ['a.ts', 'src/a.ts']],
      ['src/*.ts', ['src/a.test.ts', 'src/a.ts']],
      ['src/**', ['src/a.test.ts', 'src/a.ts', 'src/deep/b.ts']],
      ['**/b.ts', ['src/deep/b.ts']],
      ['docs/', ['docs/.hidden/c.md', 'docs/readme.md']],
      ['./src/a.ts', ['src/a.ts']],
      ['/src/a.ts', ['src/a.ts']],
      ['./a.ts', ['a.ts']],
      ['/a.ts', ['a.ts']],
      ['{src,docs}/*.{ts,md}', ['docs/readme.md', 'src/a.test.ts', 'src/a.ts']],
      ['!**/*.ts', ['docs/.hidden/c.md', 'docs/readme.md', 'we[i]rd/(1)/{d}.py', 'with space/\u00fc.py']],
      ['!*.ts', ['docs/.hidden/c.md', 'docs/readme.md', 'we[i]rd/(1)/{d}.py', 'with space/\u00fc.py']],
      ['with space/?.py', ['with space/\u00fc.py']],
      ['we\\[i\\]rd/**', ['we[i]rd/(1)/{d}.py']],
      ['nothing/**', []],
    ]
    for (const [path, expected] of cases) expect([path, by({ path })]).toEqual([path, expected])
  })

  it('refuse what is no glob, and take any other text without harm', () => {
    for (const path of ['!', '/', 'src/[a', 'src/[]', 'src/{a', 'src/[z-a]'])
      expect(() => by({ path })).toThrow(QueryError)
    fc.assert(
      fc.property(fc.stringMatching(/^[a-c*?[\](){}!|\\/.,^$+@0-9-]{1,20}$/), (path) => {
        try {
          by({ path })
          return true
        } catch (error) {
          return error instanceof QueryError
        }
      }),
      { numRuns: 500 },
    )
  })
})

describe('an index', () => {
  it('of several shards and of blobs at several paths has each line once for each path', () => {
    const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`f${i}.ts`, `needle ${i % 20}\nneedle\n`]))
    const repositories = { r: files }
    const found = placesOf(findAll(index(repositories, 3), literal('needle')))
    expect(found.toSorted()).toEqual(scan(repositories, () => true).toSorted())
    expect(new Set(found).size).toBe(120)
  })

  it('may be empty', () => {
    expect(findAll(index({ r: {}, s: { a: '' }, t: { a: '\0' } }), literal('x'))).toEqual([])
    expect(findAll(index({}), literal('x'))).toEqual([])
  })
})

describe('paging', () => {
  const many = {
    one: Object.fromEntries(
      Array.from({ length: 50 }, (_, i) => [`f${i}.ts`, 'needle\nother\nthe needle\n'.repeat(13)]),
    ),
    two: { 'huge.ts': 'const needle = 1 // of many\n'.repeat(10_000), 'z.ts': 'needle' },
  }
  const large = index(many, 7)
  const expected = scan(many, (one) => one.includes('needle')).toSorted()

  it('through windows gives each line exactly once', () => {
    const first = findWindow(literal('needle'), large.scopes, {
      store: large.store,
      from: null,
      until: { deadline: Number.POSITIVE_INFINITY },
    })
    expect(first.hits.length).toBeGreaterThanOrEqual(WINDOW.least)
    expect(first.hits.length).toBeLessThanOrEqual(WINDOW.most)
    expect(placesOf(showHits(first.hits, first.matcher, large.store)).length).toBe(first.hits.length)
    for (const most of [WINDOW.most, 1000, 77]) {
      const found = findAll(large, literal('needle'), { deadline: Number.POSITIVE_INFINITY, most })
      expect([most, placesOf(found).toSorted()]).toEqual([most, expected])
    }
  })

  it('through a window that was cut anywhere, also by a deadline, gives the same again', () => {
    const cuts = [{ most: 1 }, { most: 14 }, { most: 27 }, { most: 1000 }, { deadline: 0 }, {}]
    for (const cut of cuts) {
      let from: Place | null = null
      for (let windows = 0; windows < 4; windows++) {
        const options: { store: ShardStore; from: Place | null } = { store: large.store, from }
        const until = { deadline: Number.POSITIVE_INFINITY, ...cut }
        const { hits, next, matcher } = findWindow(literal('needle'), large.scopes, { ...options, until })
        const again = findWindow(literal('needle'), large.scopes, { ...options, until: { to: next } })
        expect(placesOf(showHits(again.hits, again.matcher, large.store))).toEqual(
          placesOf(showHits(hits, matcher, large.store)),
        )
        if (next === null) break
        from = next
      }
    }
  })

  it('goes on behind a repository that is gone, not from the beginning', () => {
    const rest = index({ a: { x: 'needle a' }, c: { x: 'needle c' } })
    const place: Place = { class: 0, repository: 'b', file: 3, hash: 'none', skip: 2 }
    const until = { deadline: Number.POSITIVE_INFINITY }
    const { hits } = findWindow(literal('needle'), rest.scopes, { store: rest.store, from: place, until })
    expect(hits.map(({ scope }) => scope.name)).toEqual(['c'])
  })

  it('comes to the end also when every window is out of time at once', () => {
    expect(placesOf(findAll(large, literal('needle'), { deadline: 0 })).toSorted()).toEqual(expected)
    expect(findAll(large, literal('of many other'), { deadline: 0 })).toEqual([])
    const query: Query = { text: 'needle$|^$', mode: 'regex', caseSensitive: false }
    const ends = scan(many, (one) => one.endsWith('needle'))
    expect(placesOf(findAll(large, query, { deadline: 0 })).toSorted()).toEqual(ends.toSorted())
  })

  it('goes on after the file it stopped in has moved, changed or gone, or its repository', () => {
    const query = literal('needle')
    const { next: from } = findWindow(query, large.scopes, {
      store: large.store,
      from: null,
      until: { deadline: Number.POSITIVE_INFINITY, most: 1000 },
    })
    expect(from).not.toBe(null)
    const at = large.scopes.find(({ name }) => name === from?.repository)?.snapshot.path(from?.file ?? 0) ?? ''
    const { [at]: gone = '', ...others } = many.one
    const changes: readonly Readonly<Record<string, Files>>[] = [
      { one: others, two: many.two },
      { one: { ...many.one, 'a-new.ts': 'needle', 'b-new.ts': 'needle' }, two: many.two },
      { one: { ...many.one, [at]: 'needle' }, two: many.two },
      { one: { ...others, [`test/${at}`]: gone }, two: many.two },
      { two: many.two },
      { one: {}, two: {} },
      {},
    ]
    for (const repositories of changes) {
      const { scopes, store } = index(repositories, 7)
      for (let place: Place | null = from; place !== null;) {
        const window = findWindow(query, scopes, { store, from: place, until: { deadline: Number.POSITIVE_INFINITY } })
        for (const { snippet } of showHits(window.hits, window.matcher, store)) expect(snippet).toContain('needle')
        place = window.next
      }
    }
    const moved = index({ one: { ...many.one, 'a-new.ts': 'needle' }, two: many.two }, 7)
    const { hits, matcher } = findWindow(query, moved.scopes, { store: moved.store, from, until: { deadline: 0 } })
    expect(showHits(hits, matcher, moved.store)[0]?.path).toBe(at)
  })

  it('takes any place that a cursor may name', () => {
    const place = fc.record({
      class: fc.nat({ max: 9 }),
      repository: fc.constantFrom('one', 'two', 'three', ''),
      file: fc.oneof(fc.nat({ max: 60 }), fc.nat()),
      hash: fc.string({ maxLength: 20 }),
      skip: fc.oneof(fc.nat({ max: 30 }), fc.nat()),
    })
    fc.assert(
      fc.property(place, (from) => {
        const { hits, matcher } = findWindow(literal('needle'), large.scopes, {
          store: large.store,
          from,
          until: { deadline: 0 },
        })
        expect(showHits(hits, matcher, large.store).length).toBe(hits.length)
      }),
      { numRuns: 200 },
    )
  })
})
