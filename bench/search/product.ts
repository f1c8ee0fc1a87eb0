/**
 * The whole product on one repository: `tenon start` in a process of its own, and PostgreSQL. Measures the first index,
 * the index of one more commit, and searches over REST.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { addRepository, reindexRepository } from '../../src/contract/code.ts'
import { git, indexed, onboard, startNode } from '../node.ts'
import { ownPostgres } from '../setting.ts'
import { quantile } from '../statistics.ts'
import type { CorpusRepository } from './corpus.ts'
import { TEST, type BenchQuery } from './queries.ts'

export interface ProductResults {
  readonly firstIndexSeconds: number
  /** The server and what it starts, without PostgreSQL; null where the system does not tell. */
  readonly firstIndexPeakMB: number | null
  readonly reindexSeconds: number
  readonly reindexPeakMB: number | null
  readonly restP50Ms: number
  readonly restP95Ms: number
  readonly restWorstMs: number
  /** What the server says that a search took. */
  readonly serverP50Ms: number
  /** Matching lines of each literal query of the test set. */
  readonly totals: readonly number[]
}

const ROUNDS = 4

export async function benchProduct(repository: CorpusRepository, signal: AbortSignal): Promise<ProductResults> {
  await using ends = new AsyncDisposableStack()
  const { folder, databaseUrl } = await ownPostgres(ends, { name: 'product', signal })
  const source = join(folder, 'repositories', 'medium')
  mkdirSync(join(folder, 'repositories'))
  git(folder, 'clone', '-q', '--branch', 'main', repository.gitDir, source)
  const server = await startNode(folder, databaseUrl, { signal })
  ends.defer(server.stop)
  const { client, apiKey } = await onboard(server.url)
  const watched = { pid: server.pid, signal }
  const first = await indexed(client, watched, async () => {
    const { data } = await client.call(addRepository, { source, name: 'medium' })
    return data
  })
  appendFileSync(join(source, 'one-more-file.ts'), 'export const oneMoreFile = 1\n')
  git(source, 'add', '-A')
  git(source, 'commit', '-q', '-m', 'one more file')
  const second = await indexed(client, watched, async () => {
    const { data } = await client.call(reindexRepository, { repository: 'medium' })
    return data
  })
  return {
    firstIndexSeconds: first.seconds,
    firstIndexPeakMB: first.peakMB,
    reindexSeconds: second.seconds,
    reindexPeakMB: second.peakMB,
    ...(await searches(server.url, apiKey)),
  }
}

type Searches = Pick<ProductResults, 'restP50Ms' | 'restP95Ms' | 'restWorstMs' | 'serverP50Ms' | 'totals'>

/** One after the other on a kept connection; the first round only warms up. */
async function searches(url: string, apiKey: string): Promise<Searches> {
  const times: number[] = []
  const server: number[] = []
  const totals: number[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    for (const query of TEST.literal) {
      const began = performance.now()
      const { total, tookMs } = await search(url, apiKey, query)
      if (round === 0) totals.push(total)
      else {
        times.push(performance.now() - began)
        server.push(tookMs)
      }
    }
  }
  return {
    restP50Ms: quantile(times, 0.5),
    restP95Ms: quantile(times, 0.95),
    restWorstMs: quantile(times, 1),
    serverP50Ms: quantile(server, 0.5),
    totals,
  }
}

async function search(
  url: string,
  apiKey: string,
  { q, case: sensitivity }: BenchQuery,
): Promise<{ total: number; tookMs: number }> {
  const parameters = new URLSearchParams({ q, case: sensitivity, limit: '50' })
  const headers = { authorization: `Bearer ${apiKey}` }
  const answer = await fetch(`${url}/v1/search/bench?${parameters.toString()}`, {
    headers,
    signal: AbortSignal.timeout(30_000),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`a search is answered with ${answer.status}: ${text}`)
  return (JSON.parse(text) as { data: { total: number; tookMs: number } }).data
}
