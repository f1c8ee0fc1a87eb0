import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { indexFiles, linesOf, storeOf } from '../../../../test/support/search-index.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { findWindow, type Place } from './find.ts'
import { showHits, type LineMatch } from './page.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { QueryError, type Query } from './query.ts'
import { compileRegex } from './regex.ts'
import { packScopes, type SearchPage } from './protocol.ts'
import { createSearchers } from './searchers.ts'

const folder = temporaryFolder('regex')
afterAll(() => folder.remove())

const lineOf = fc.stringMatching(/^[abcABC012 _\u00e4\u00c4\u{1f600}-]{0,14}$/u)
const [texts = []] = fc.sample(
  fc.array(
    fc
      .array(fc.tuple(lineOf, fc.constantFrom('\n', '\r\n')), { minLength: 1, maxLength: 4 })
      .map((lines) => lines.map((one) => one.join('')).join('')),
    { minLength: 250, maxLength: 250 },
  ),
  { seed: 5, numRuns: 1 },
)
const files = {
  ...Object.fromEntries(texts.map((text, i) => [`f${i}`, text])),
  large: texts.join(''),
  'no end': 'abc',
}
const lines = Object.entries(files).flatMap(([path, text]) =>
  linesOf(text).map((line, i) => ({ place: `${path}:${i + 1}`, line })),
)
const indexed = indexFiles(folder.path, { id: 'r', files, blobsPerShard: 50 })
const store = storeOf(folder.path, [indexed])

function findAll(text: string, caseSensitive: boolean, { scope } = indexed): LineMatch[] {
  const query: Query = { text, mode: 'regex', caseSensitive }
  const found: LineMatch[] = []
  for (let from: Place | null = null; ;) {
    const window = findWindow(query, [scope], { store, from, until: { deadline: Number.POSITIVE_INFINITY } })
    found.push(...showHits(window.hits, window.matcher, store))
    if (window.next === null) return found
    from = window.next
  }
}

const placesOf = (matches: readonly LineMatch[]): string[] =>
  matches.map(({ path, line }) => `${path}:${line}`).toSorted()

function scan(text: string, flags: string): string[] {
  const expression = new RegExp(text, flags)
  return lines.flatMap(({ place, line }) => (expression.test(line) ? [place] : [])).toSorted()
}

const { pattern } = fc.letrec<{ pattern: string; sequence: string; part: string; atom: string }>((tie) => ({
  pattern: fc.oneof(
    { weight: 3, arbitrary: tie('sequence') },
    { weight: 1, arbitrary: fc.tuple(tie('sequence'), tie('sequence')).map(([a, b]) => `${a}|${b}`) },
  ),
  sequence: fc.array(tie('part'), { minLength: 1, maxLength: 5 }).map((parts) => parts.join('')),
  part: fc.oneof(
    {
      weight: 12,
      arbitrary: fc
        .tuple(tie('atom'), fc.constantFrom('', '', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,2}', '+?'))
        .map((two) => two.join('')),
    },
    { weight: 1, arbitrary: fc.constantFrom('^', '$', '\\b', '\\B') },
  ),
  atom: fc.oneof(
    { depthSize: 'small' },
    {
      weight: 10,
      arbitrary: fc.constantFrom('a', 'b', 'c', 'A', 'B', 'ab', 'abc', '0', '1', '_', ' ', '-', '\u00e4', '\\x62'),
    },
    {
      weight: 3,
      arbitrary: fc.constantFrom(
        '.',
        '[abc]',
        '[^ab]',
        '[a-c]',
        '[A-C0-1]',
        '[^A-B]',
        '\\w',
        '\\W',
        '\\d',
        '\\D',
        '\\s',
        '[\\w-]',
        '[-\u00c4]',
        '[^\u00e4]',
      ),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(fc.constantFrom('(', '(?:', '(?<n>'), tie('pattern'))
        .map(([open, inner]) => `${open}${inner})`),
    },
  ),
}))

describe('a regular expression', () => {
  it('finds the lines that it matches, in one case and in either, whatever the index leaves out', () => {
    fc.assert(
      fc.property(pattern, fc.boolean(), (text, caseSensitive) => {
        const once = text.replaceAll('?<n>', '?:')
        expect([once, placesOf(findAll(once, caseSensitive))]).toEqual([once, scan(once, caseSensitive ? '' : 'i')])
      }),
      { numRuns: 500 },
    )
  }, 60_000)

  it('marks column and occurrences as they are', () => {
    fc.assert(
      fc.property(pattern, (text) => {
        const once = text.replaceAll('?<n>', '?:')
        for (const { snippet, column, ranges } of findAll(once, true).slice(0, 50)) {
          const all = [...snippet.matchAll(new RegExp(once, 'g'))].map(({ index, 0: { length } }) => [
            index,
            index + length,
          ])
          expect(ranges.map(({ start, end }) => [start, end])).toEqual(all.slice(0, 20))
          expect(column).toBe((all[0]?.[0] ?? -1) + 1)
        }
      }),
      { numRuns: 150 },
    )
  }, 60_000)

  it('knows properties and characters beyond 16 bits', () => {
    for (const text of ['\\p{Lu}\\p{Ll}', '\\u{1f600}{2}', '\u{1f600}+a', '[\u{1f600}_]b', '\\P{L}{3}'])
      for (const flags of ['u', 'iu'])
        expect([text, placesOf(findAll(text, flags === 'u'))]).toEqual([text, scan(text, flags)])
  })

  it('shows an empty match once for each place', () => {
    const [match] = findAll('\\p{Nd}*', true, indexFiles(folder.path, { id: 'empty', files: {} })).concat(
      findAll('^\\p{Sc}*', true).slice(0, 1),
    )
    expect(match?.ranges).toEqual([{ start: 0, end: 0 }])
    const starts = (findAll('\\p{Sc}*', true).find(({ snippet }) => snippet.startsWith('\u{1f600}'))?.ranges ?? []).map(
      ({ start }) => start,
    )
    expect(starts.length).toBeGreaterThan(1)
    expect(new Set(starts).size).toBe(starts.length)
  })

  it('ends before a carriage return, and may look for one that stands alone', () => {
    const dir = `${folder.path}/cr`
    const made = indexFiles(dir, { id: 'cr', files: { a: 'one\r\nabc\rdef\r\n', b: 'abcdef' } })
    const find = (text: string): string[] => {
      const query: Query = { text, mode: 'regex', caseSensitive: false }
      const own = storeOf(dir, [made])
      const window = findWindow(query, [made.scope], {
        store: own,
        from: null,
        until: { deadline: Number.POSITIVE_INFINITY },
      })
      return placesOf(showHits(window.hits, window.matcher, own))
    }
    expect([find('one$'), find('one\\r'), find('abc\\rdef'), find('abc\\sdef'), find('def$')]).toEqual([
      ['a:1'],
      [],
      ['a:2'],
      ['a:2'],
      ['a:2', 'b:1'],
    ])
  })
})

describe('an expression that is refused', () => {
  const refusal = (text: string): string => {
    try {
      compileRegex(text, false)
    } catch (error) {
      expect(error).toBeInstanceOf(QueryError)
      return error instanceof QueryError ? `${error.field}: ${error.message}` : ''
    }
    return 'taken'
  }

  it('says why', () => {
    const cases: readonly (readonly [string, RegExp])[] = [
      ['(a)\\1', /backreferences/i],
      ['(?<x>a)\\k<x>', /backreferences/i],
      ['(?=a)b', /look-ahead/i],
      ['(?!a)b', /look-ahead/i],
      ['(?<=a)b', /look-behind/i],
      ['(?<!a)b', /look-behind/i],
      ['(?i)abc', /not a regular expression/i],
      ['(?i:abc)', /flags/i],
      ['a\\nb', /line ends/i],
      ['[\\n]', /line ends/i],
      ['a\\x0ab', /line ends/i],
      ['(a', /unterminated group/i],
      ['a)', /unmatched/i],
      ['[a', /unterminated character class/i],
      ['[z-a]', /out of order/i],
      ['*a', /nothing to repeat/i],
      ['a{2,1}', /out of order/i],
      ['\\p{NoSuch}', /invalid property/i],
    ]
    for (const [text, reason] of cases) {
      expect([text, refusal(text)]).toEqual([text, expect.stringMatching(reason)])
      expect(refusal(text)).toMatch(/^q: /)
    }
  })

  it('is never a reason for another error', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[abK\u212a\u017f()[\]{}|*+?^$\\.,:<>=!0-9upk-]{0,16}$/u),
        fc.boolean(),
        (text, caseSensitive) => {
          try {
            compileRegex(text, caseSensitive)
            return true
          } catch (error) {
            return error instanceof QueryError
          }
        },
      ),
      { numRuns: 3000 },
    )
    expect(refusal('(a+)b?')).toBe('taken')
  })
})

describe('an expression that would backtrack for ages', () => {
  it('ends in time, and keeps no other search waiting', async () => {
    const dir = `${folder.path}/slow`
    const slow = indexFiles(dir, {
      id: 'slow',
      files: { a: `${'a'.repeat(5000)}!\n`.repeat(3), b: 'word '.repeat(4000), c: 'a needle' },
    })
    const lanes = { regex: createSearchers({ dir, threads: 1 }), literal: createSearchers({ dir, threads: 1 }) }
    const search = async (mode: Query['mode'], text: string): Promise<number> => {
      const query: Query = { text, mode, caseSensitive: false }
      const scopes = packScopes([{ id: 'slow', name: 'slow', snapshot: slow.snapshot.key }])
      const task = { kind: 'search' as const, query, scopes, from: null, limit: 10, budgetMs: 500 }
      return ((await lanes[mode].perform('org', task, { parts: slow.parts, limitMs: 500 })) as SearchPage).total
    }
    await search('literal', 'needle')
    for (const text of [
      '(a+)+$',
      '(a|aa)+$',
      '(\\w+\\s?)*;;',
      '(.*a){20}x',
      '^(a?){60}b',
      '(([a-z])+.)+[A-Z]([a-z])+$',
    ]) {
      const began = performance.now()
      const answer = search('regex', text).catch((error: unknown) => error)
      expect(await search('literal', 'needle')).toBe(1)
      const beside = performance.now() - began
      const outcome = await answer
      const took = performance.now() - began
      expect([text, beside < 1000, took < 3000]).toEqual([text, true, true])
      const known = typeof outcome === 'number' || (outcome instanceof TenonError && outcome.code === 'search_too_slow')
      expect([text, known]).toEqual([text, true])
      expect(await search('regex', 'need.e')).toBe(1)
    }
    await Promise.all(Object.values(lanes).map((lane) => lane.close()))
  }, 60_000)
})
