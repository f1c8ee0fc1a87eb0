/** How much of the imports that people have written down is found, and what is found beside it. */
import { compareGraph, readGraphFixtures, sumOf, type Score } from '../../test/support/graph-truth.ts'

interface Rates {
  readonly expected: number
  readonly recall: number
  readonly precision: number
}

export interface TruthResults extends Rates {
  readonly repositories: number
  readonly byKind: Readonly<Record<string, Rates>>
  /** Found, but wrong about whether they are erased before the code runs. */
  readonly wrongTypeOnly: readonly string[]
  readonly missing: readonly string[]
  readonly extra: readonly string[]
  readonly unresolved: Rates
}

export async function benchTruth(): Promise<TruthResults> {
  const fixtures = readGraphFixtures()
  const all = []
  for (const fixture of fixtures) all.push(await compareGraph(fixture))
  const { byKind, wrongTypeOnly, missing, extra, unresolved, ...whole } = sumOf(all)
  return {
    repositories: fixtures.length,
    ...ratesOf({ ...whole, missing, extra }),
    byKind: Object.fromEntries([...byKind].map(([kind, score]) => [kind, ratesOf(score)])),
    wrongTypeOnly,
    missing,
    extra,
    unresolved: ratesOf(unresolved),
  }
}

function ratesOf({ expected, recall, precision }: Score): Rates {
  return { expected, recall, precision }
}
