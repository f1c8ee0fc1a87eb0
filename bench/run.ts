/**
 * `npm run bench`: runs every bench, or the one that is named, as in `npm run bench -- api`. Writes what it measured to
 * `bench/results.json` and prints tables.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { benchApi } from './api.ts'
import type { ServerProfile } from './api/profile-server.ts'
import { benchCredits } from './credits.ts'
import { benchEngine } from './engine.ts'
import { benchGraph } from './graph.ts'
import { reportCredits } from './report-credits.ts'
import { reportGraph } from './report-graph.ts'
import { reportSearch } from './report-search.ts'
import { reportApi, reportEngine } from './report.ts'
import { reportWebhooks } from './report-webhooks.ts'
import { benchSearch, type SearchResults } from './search.ts'
import { benchWebhooks } from './webhooks.ts'

const RESULTS = new URL('results.json', import.meta.url)

const BENCHES = {
  search: async () => {
    const results = await benchSearch()
    reportSearch(results)
    return withoutQueries(results)
  },
  graph: async () => {
    const results = await benchGraph()
    reportGraph(results)
    return results
  },
  engine: async () => {
    const results = await benchEngine()
    reportEngine(results)
    return results
  },
  credits: async () => {
    const results = await benchCredits()
    reportCredits(results)
    if (results.drift > 0) process.exitCode = 1
    return results
  },
  api: async () => {
    const results = await benchApi()
    reportApi(results)
    if (results.tenon.failed + results.reference.failed > 0) process.exitCode = 1
    const { tenon, reference } = results.profile
    return { ...results, profile: { tenon: withoutFunctions(tenon), reference: withoutFunctions(reference) } }
  },
  webhooks: async () => {
    const results = await benchWebhooks()
    reportWebhooks(results)
    return results
  },
} as const

type Name = keyof typeof BENCHES
const NAMES = Object.keys(BENCHES) as Name[]

const wanted = process.argv[2]
const chosen = wanted === undefined ? NAMES : NAMES.filter((name) => name === wanted)
if (chosen.length === 0) throw new Error(`there is no bench ${wanted}; there are ${NAMES.join(' and ')}`)
for (const name of chosen) {
  const machine = { node: process.version, cpus: availableParallelism(), loadBefore: loadavg()[0] }
  keep(name, { machine, ...(await BENCHES[name]()) })
}

/** How many queries differ for which cause, not each of them. */
function withoutQueries({ corpora, product, ...rest }: SearchResults): object {
  const { totals: _, ...figures } = product
  const kept = corpora.map(({ differences, ...one }) => ({
    ...one,
    differences: Object.fromEntries(
      Map.groupBy(differences, ({ cause }) => cause)
        .entries()
        .map(([cause, those]) => [cause, those.length]),
    ),
  }))
  return { ...rest, corpora: kept, product: figures }
}

/** They are too many to keep, and their lines change with every edit. */
function withoutFunctions({ perSecond, mainThread, otherThreads }: ServerProfile): object {
  return { perSecond, mainThread, otherThreads }
}

function keep(name: Name, results: object): void {
  const kept = JSON.parse(readFileSync(RESULTS, 'utf8')) as Partial<Record<Name, object>>
  const all = Object.fromEntries(NAMES.map((one) => [one, one === name ? results : kept[one]]))
  writeFileSync(RESULTS, `${JSON.stringify(all, null, 2)}\n`)
}
