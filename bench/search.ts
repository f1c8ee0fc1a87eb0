/**
 * The search engine on the corpora of `bench/search/corpus.ts`, beside ripgrep on the same files in the same run; then
 * the whole product on the medium one.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { CORPORA, openCorpus, type Corpus } from './search/corpus.ts'
import { ALL_QUERIES, type Measured } from './search/measure.ts'
import { benchProduct, type ProductResults } from './search/product.ts'
import type { BenchQuery } from './search/queries.ts'
import { ripgrep } from './search/ripgrep.ts'
import { makeSmallCorpus } from './search/small-corpus.ts'
import { differenceOf, findOddities, type Difference } from './search/verify.ts'
import { interruptible } from './setting.ts'
import { quantile } from './statistics.ts'

export interface ReferenceTimes {
  readonly p50Ms: number
  readonly worstMs: number
}

export interface CorpusResults extends Omit<Measured, 'outcomes'> {
  readonly corpus: Omit<Corpus, 'repositories' | 'trees'> & { readonly repositories: number }
  readonly ripgrep: { readonly literal: ReferenceTimes; readonly regex: ReferenceTimes }
  readonly differences: readonly Difference[]
}

export interface SearchResults {
  readonly corpora: readonly CorpusResults[]
  /** Why the corpora could not be had, and the checkout's own dependencies stand in for them. */
  readonly standIn: string | null
  readonly product: ProductResults
}

const PROGRAM = fileURLToPath(new URL('search/measure-process.ts', import.meta.url))
const MEASURE_MS = 600_000

export function benchSearch(): Promise<SearchResults> {
  return interruptible(async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-small-'))
    try {
      const { corpora, standIn } = await corporaToMeasure(folder)
      const results: CorpusResults[] = []
      for (const corpus of corpora) results.push(await measureCorpus(corpus, signal))
      const repository = corpora[0]?.repositories[0]
      if (repository === undefined) throw new Error('there is no corpus')
      console.log('indexing and searching through the whole product')
      return { corpora: results, standIn, product: await benchProduct(repository, signal) }
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
}

/** A small one of this checkout's own dependencies where no corpus is cached and none can be made. */
async function corporaToMeasure(folder: string): Promise<{ corpora: Corpus[]; standIn: string | null }> {
  try {
    const corpora: Corpus[] = []
    for (const name of CORPORA) corpora.push(await openCorpus(name, console.log))
    return { corpora, standIn: null }
  } catch (error) {
    const standIn = error instanceof Error ? error.message : String(error)
    return { corpora: [makeSmallCorpus(folder)], standIn }
  }
}

async function measureCorpus(corpus: Corpus, signal: AbortSignal): Promise<CorpusResults> {
  const { repositories, trees, ...about } = corpus
  console.log(`${corpus.name}: ${repositories.length} repositories, ${corpus.files} files`)
  const { outcomes, ...measured } = await inProcess(corpus, signal)
  const oddities = findOddities(trees)
  const times = { literal: [] as number[], regex: [] as number[] }
  const differences: Difference[] = []
  // The first one brings the files into the memory of the system, as indexing did for the engine.
  for (const query of ALL_QUERIES.slice(0, 1)) ripgrep(query, trees)
  for (const [i, query] of ALL_QUERIES.entries()) {
    signal.throwIfAborted()
    const answer = ripgrep(query, trees)
    times[query.mode].push(answer.ms)
    const outcome = outcomes[i] ?? { total: null, truncated: false }
    const difference = differenceOf({ query, outcome, answer, trees, oddities })
    if (difference !== null) differences.push(difference)
  }
  const reference = (mode: BenchQuery['mode']): ReferenceTimes => ({
    p50Ms: quantile(times[mode], 0.5),
    worstMs: quantile(times[mode], 1),
  })
  return {
    corpus: { ...about, repositories: repositories.length },
    ...measured,
    ripgrep: { literal: reference('literal'), regex: reference('regex') },
    differences,
  }
}

async function inProcess({ repositories }: Corpus, signal: AbortSignal): Promise<Measured> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(MEASURE_MS)])
  const child = fork(PROGRAM, { signal: limit, execArgv: [] })
  const ended = once(child, 'exit')
  try {
    child.send(repositories)
    const [first] = (await Promise.race([once(child, 'message'), ended.then(([code]) => [code])])) as [unknown]
    if (typeof first !== 'object' || first === null)
      throw new Error(`the measurement ended early with ${String(first)}`)
    return first as Measured
  } finally {
    child.kill('SIGKILL')
    await ended.catch(() => {})
  }
}
