import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Dependencies } from '../../../contract/graph.ts'
import type { Impact } from '../../../contract/impact.ts'
import { DEPENDENCIES_LISTS, fitTokens, IMPACT_LISTS } from './fit-tokens.ts'
import { fileKey } from './reach/use-edge.ts'
import { rankDependents } from '../impact/rank.ts'

const via = { path: 'src/x.ts', repository: 'r', line: 1, specifier: './x.ts', names: ['a'] }

interface Counts {
  readonly dependents: number
  readonly tests: number
  readonly symbols: number
  readonly unknown: number
}

function impactOf({ dependents, tests, symbols, unknown }: Counts): Impact {
  const times = <T>(count: number, make: (i: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i))
  return {
    repository: 'r',
    indexedCommit: 'c'.repeat(40),
    indexedAt: null,
    changed: {
      files: [{ path: 'src/x.ts', previousPath: null, change: 'modified', language: 'typescript' }],
      symbols: times(symbols, (i) => ({
        path: 'src/x.ts',
        name: `s${i}`,
        kind: 'function',
        change: 'body',
        exported: true,
        line: i,
        before: null,
        after: null,
      })),
    },
    dependents: times(dependents, (i) => ({
      repository: 'r',
      path: `src/d${i}.ts`,
      distance: 1,
      via,
      kind: 'import',
      typeOnly: false,
      confidence: 'high',
      symbols: ['a'],
    })),
    tests: times(tests, (i) => ({ repository: 'r', path: `src/t${i}.test.ts`, distance: 1, reason: 'it does' })),
    endpoints: [],
    jobs: [],
    cycles: [],
    totals: { files: 1, symbols, dependents, direct: 0, tests, endpoints: 0, jobs: 0, cycles: 0 },
    truncated: false,
    risk: { level: 'high', factors: [{ name: 'many_dependents', level: 'high', detail: 'many' }] },
    unknown: times(unknown, (i) => ({ path: `src/u${i}.ts`, reason: 'parse_incomplete', detail: 'broken' })),
    nextSteps: ['Run 1 test'],
  }
}

const LARGE: Counts = { dependents: 800, tests: 300, symbols: 100, unknown: 2 }

describe('an answer', () => {
  it('is as it is when it fits, or when nothing is said of its length', () => {
    const answer = impactOf({ dependents: 2, tests: 2, symbols: 2, unknown: 0 })
    expect(fitTokens(answer, 500, IMPACT_LISTS)).toBe(answer)
    expect(fitTokens(impactOf(LARGE), undefined, IMPACT_LISTS).dependents).toHaveLength(800)
  })

  it('is cut at the ends of lists, with its totals kept', () => {
    const answer = impactOf(LARGE)
    const cut = fitTokens(answer, 2000, IMPACT_LISTS)
    expect(cut.dependents).toEqual(answer.dependents.slice(0, cut.dependents.length))
    expect([cut.truncated, cut.totals, cut.unknown, cut.risk]).toEqual([
      true,
      answer.totals,
      answer.unknown,
      answer.risk,
    ])
    expect(cut.changed.files).toEqual(answer.changed.files)
    for (const list of [cut.dependents, cut.tests, cut.changed.symbols]) expect(list.length).toBeGreaterThan(5)
  })

  it('gives lists what others do not need, never more than there is room for', () => {
    fc.assert(
      fc.property(
        fc.record({ dependents: fc.nat(300), tests: fc.nat(300), symbols: fc.nat(300), unknown: fc.nat(100) }),
        fc.integer({ min: 500, max: 20_000 }),
        (counts, maxTokens) => {
          const answer = impactOf(counts)
          const cut = fitTokens(answer, maxTokens, IMPACT_LISTS)
          const length = JSON.stringify(cut).length
          expect(length).toBeLessThanOrEqual(maxTokens * 4)
          // No room is left for an entry of any list.
          expect(cut === answer || length > maxTokens * 4 - 400).toBe(true)
          expect(cut.truncated).toBe(cut !== answer)
        },
      ),
    )
  })

  it('of another kind is cut by its own lists', () => {
    const answer: Dependencies = {
      repository: 'r',
      indexedCommit: null,
      indexedAt: null,
      targets: [{ repository: 'r', path: 'src/x.ts', symbol: null, line: null }],
      nodes: [],
      totals: { dependents: 0, dependencies: 0, cycles: 0, unresolved: 900 },
      truncated: false,
      cycles: [],
      unresolved: Array.from({ length: 900 }, () => ({
        path: 'src/x.ts',
        line: 1,
        specifier: './y.ts',
        reason: 'not_found' as const,
      })),
      externals: [{ specifier: 'zod', reason: 'external' }],
      unknown: [],
    }
    const cut = fitTokens(answer, 1000, DEPENDENCIES_LISTS)
    expect([cut.targets.length, cut.externals.length, cut.truncated]).toEqual([1, 1, true])
    expect(cut.unresolved.length).toBeGreaterThan(40)
  })
})

it('ranks dependents by distance, then by how many depend on them, then by path', () => {
  const dependents = [
    { repository: 'r', path: 'far', distance: 2 },
    { repository: 'r', path: 'b', distance: 1 },
    { repository: 'r', path: 'a', distance: 1 },
    { repository: 'r', path: 'hub', distance: 1 },
  ]
  const fanIn = new Map([
    [fileKey({ repository: 'r', path: 'hub' }), 9],
    [fileKey({ repository: 'r', path: 'far' }), 99],
  ])
  expect(rankDependents(dependents, fanIn).map(({ path }) => path)).toEqual(['hub', 'a', 'b', 'far'])
})
