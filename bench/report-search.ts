import type { CorpusResults, SearchResults } from './search.ts'
import { AT_ONCE, type Times } from './search/measure.ts'
import type { Difference } from './search/verify.ts'

/** Of the literal queries of the test set, which nothing was tuned by. */
const TARGETS = {
  medium: { p50Ms: 5, worstMs: null },
  large: { p50Ms: 10, worstMs: 100 },
  indexToCorpus: 0.25,
  rest: { p50Ms: 15 },
  firstIndex: { seconds: 12, peakMB: 600 },
  reindexSeconds: 1.5,
}
const SHOWN = 20

export function reportSearch({ corpora, standIn, product }: SearchResults): void {
  if (standIn !== null) {
    console.log(
      '\nNO CORPUS: none is cached and none could be made. What follows is of a SMALL stand-in, the dependencies',
    )
    console.log(`of this checkout, and meets or misses no target. (${standIn})`)
  }
  for (const results of corpora) reportCorpus(results)
  const { totals, ...figures } = product
  console.log(
    `\nThe whole product on the ${standIn === null ? 'medium' : 'small'} corpus, ${totals.length} queries over REST`,
  )
  console.table(Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)])))
  if (standIn === null) reportTargets({ corpora, standIn, product })
}

function reportCorpus(results: CorpusResults): void {
  const { corpus, build, tuning, test, ripgrep, differences } = results
  const size = `${corpus.repositories} repositories, ${corpus.files} files, ${rounded(corpus.bytes / 1e6)} MB`
  console.log(`\nSearch, ${corpus.name} corpus: ${size} (${corpus.fingerprint})`)
  console.table({
    'build s': rounded(build.ms / 1000),
    'build MB/s': rounded(build.corpusBytes / 1e3 / build.ms),
    'build CPU s': rounded(build.cpuMs / 1000),
    'index / corpus, without content': rounded(build.indexBytes / build.corpusBytes, 3),
    'shards / corpus': rounded(build.shardBytes / build.corpusBytes, 3),
    'peak of the build MB': rounded(build.peakRssMB),
    'peak of build and searches MB': rounded(results.peakRssMB),
    'first search ms': rounded(results.firstMs),
  })
  console.log('Top 50, in ms, beside ripgrep')
  const row = (times: Times, reference: CorpusResults['ripgrep']['literal']) => ({
    'cold p50': rounded(times.coldP50Ms),
    'cold worst': rounded(times.coldWorstMs),
    p50: rounded(times.p50Ms, 2),
    p95: rounded(times.p95Ms),
    worst: rounded(times.worstMs),
    'worst at': times.worstQuery,
    'ripgrep p50': rounded(reference.p50Ms),
    'ripgrep worst': rounded(reference.worstMs),
    'ripgrep / tenon, p50': times.p50Ms === 0 ? null : rounded(reference.p50Ms / times.p50Ms),
    refused: times.refused,
  })
  console.table({
    'tuning, literal': row(tuning.literal, ripgrep.literal),
    'test, literal': row(test.literal, ripgrep.literal),
    'tuning, regex': row(tuning.regex, ripgrep.regex),
    'test, regex': row(test.regex, ripgrep.regex),
  })
  const load = (one: CorpusResults['atOnce']) => ({
    'searches/s': rounded(one.perSecond),
    'p50 ms': rounded(one.p50Ms, 2),
    'p95 ms': rounded(one.p95Ms),
  })
  console.table({ 'one by one': load(results.oneByOne), [`${AT_ONCE} at once`]: load(results.atOnce) })
  reportDifferences(differences)
}

function reportDifferences(differences: readonly Difference[]): void {
  if (differences.length === 0) return console.log('Every query has as many matching lines as with ripgrep')
  const causes = Map.groupBy(differences, ({ cause }) => cause)
  const counts = [...causes].map(([cause, { length }]) => `${cause} ${length}`)
  console.log(`Queries with another number of matching lines than with ripgrep: ${counts.join(', ')}`)
  const worstFirst = differences.toSorted((a, b) => Number(isExpected(a)) - Number(isExpected(b)))
  console.table(worstFirst.slice(0, SHOWN))
}

function isExpected({ cause }: Difference): boolean {
  return cause !== 'unexplained'
}

function reportTargets({ corpora, product }: SearchResults): void {
  console.log('')
  for (const { corpus, test, build, differences } of corpora) {
    const { p50Ms, worstMs } = test.literal
    const most = corpus.name === 'large' ? TARGETS.large : TARGETS.medium
    target(p50Ms <= most.p50Ms, `${corpus.name}: search p50 at most ${most.p50Ms} ms: ${rounded(p50Ms, 2)}`)
    if (most.worstMs !== null)
      target(worstMs <= most.worstMs, `${corpus.name}: worst at most ${most.worstMs} ms: ${rounded(worstMs)}`)
    const ratio = build.indexBytes / build.corpusBytes
    target(
      ratio <= TARGETS.indexToCorpus,
      `${corpus.name}: index at most ${TARGETS.indexToCorpus} of the corpus: ${rounded(ratio, 3)}`,
    )
    const wrong = differences.filter((one) => one.mode === 'literal' && !isExpected(one)).length
    target(wrong === 0, `${corpus.name}: literal queries that differ from ripgrep without a cause: ${wrong}`)
  }
  const { restP50Ms, firstIndexSeconds, firstIndexPeakMB, reindexSeconds } = product
  const { rest, firstIndex } = TARGETS
  target(restP50Ms <= rest.p50Ms, `search over REST, p50 at most ${rest.p50Ms} ms: ${rounded(restP50Ms)}`)
  target(
    firstIndexSeconds <= firstIndex.seconds,
    `first index at most ${firstIndex.seconds} s: ${rounded(firstIndexSeconds)}`,
  )
  if (firstIndexPeakMB !== null)
    target(
      firstIndexPeakMB <= firstIndex.peakMB,
      `first index at most ${firstIndex.peakMB} MB: ${rounded(firstIndexPeakMB)}`,
    )
  target(
    reindexSeconds <= TARGETS.reindexSeconds,
    `index of one more commit at most ${TARGETS.reindexSeconds} s: ${rounded(reindexSeconds, 2)}`,
  )
}

export function target(met: boolean, text: string): void {
  console.log(`${met ? 'met   ' : 'MISSED'} ${text}`)
}

export function rounded<T extends number | null>(value: T, digits = 1): T {
  return (value === null ? null : Number(value.toFixed(digits))) as T
}
