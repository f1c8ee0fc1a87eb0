import { beforeAll, describe, expect, it } from 'vitest'

import {
  compareGraph,
  type GraphComparison,
  readGraphFixtures,
  type Score,
  sumOf,
} from '../../../../test/support/graph-truth.ts'
import { IMPORT_KINDS } from './facts.ts'

let all: GraphComparison

beforeAll(async () => {
  all = sumOf(await Promise.all(readGraphFixtures().map(compareGraph)))
})

describe('the graph of repositories whose imports people have written down', () => {
  it('has their edges', () => {
    expect(all.expected).toBeGreaterThan(400)
    expect(lacks(all, all.recall >= 0.98 && all.precision >= 0.99)).toEqual([])
  })

  // Of some there are so few that one is several per cent.
  it.each(IMPORT_KINDS)('has those of the kind %s but one, and at most one more', (kind) => {
    const score = all.byKind.get(kind)
    if (score === undefined) throw new Error(`There is no score of ${kind}`)
    expect(score.expected).toBeGreaterThan(0)
    expect(lacks(score, score.missing.length <= 1 && score.extra.length <= 1)).toEqual([])
  })

  it('tells which edges are erased before the code runs', () => {
    expect(all.wrongTypeOnly).toEqual([])
  })

  it('tells why the other imports lead nowhere', () => {
    const { unresolved } = all
    expect(unresolved.expected).toBeGreaterThan(140)
    expect(lacks(unresolved, unresolved.recall >= 0.95 && unresolved.precision >= 0.95)).toEqual([])
  })
})

/** Nothing when it is enough, and otherwise each difference. */
function lacks({ found, expected, missing, extra }: Score, isEnough: boolean): readonly string[] {
  if (isEnough) return []
  const differences = [...missing.map((line) => `missing ${line}`), ...extra.map((line) => `extra ${line}`)]
  return [`${found} of ${expected}, ${extra.length} more`, ...differences]
}
