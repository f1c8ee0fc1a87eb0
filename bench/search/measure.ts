/** What is measured of the engine on one corpus; to be called in a process of its own, whose memory is a result. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { quantile } from '../statistics.ts'
import type { CorpusRepository } from './corpus.ts'
import { openEngine, type Engine, type EngineBuild } from './engine.ts'
import { TEST, TUNING, type BenchQuery, type QuerySet } from './queries.ts'

const LIMIT = 50
/** After the cold one. */
const ROUNDS = 3
/** No further round begins after so long. */
const ROUNDS_MS = 20_000
const LOAD_MS = 4_000
export const AT_ONCE = 16

export interface Times {
  /** The first time that each query is put. */
  readonly coldP50Ms: number
  readonly coldWorstMs: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly worstMs: number
  readonly worstQuery: string
  /** How many of the queries the engine refuses; their times are left out. */
  readonly refused: number
}

export interface Outcome {
  /** Matching lines; null when the engine refused. */
  readonly total: number | null
  readonly truncated: boolean
}

export interface Load {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
}

export interface Measured {
  readonly build: EngineBuild
  readonly firstMs: number
  readonly tuning: { readonly literal: Times; readonly regex: Times }
  readonly test: { readonly literal: Times; readonly regex: Times }
  readonly oneByOne: Load
  readonly atOnce: Load
  /** Of the process, build and searches. */
  readonly peakRssMB: number
  /** In the order of `ALL_QUERIES`. */
  readonly outcomes: readonly Outcome[]
}

export const ALL_QUERIES: readonly BenchQuery[] = [TUNING, TEST].flatMap(({ literal, regex }) => [...literal, ...regex])

export async function measureEngine(repositories: readonly CorpusRepository[]): Promise<Measured> {
  const dir = mkdtempSync(join(tmpdir(), 'tenon-bench-search-'))
  try {
    const engine = await openEngine({ repositories, dir })
    try {
      return await measure(engine)
    } finally {
      await engine.close()
    }
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function measure(engine: Engine): Promise<Measured> {
  const outcomes = new Map<BenchQuery, Outcome>()
  const firstMs = await timed(engine, TUNING.literal[0] ?? ALL_QUERIES[0], outcomes)
  const tuning = await setTimes(engine, TUNING, outcomes)
  const test = await setTimes(engine, TEST, outcomes)
  const oneByOne = await load(engine, 1)
  const atOnce = await load(engine, AT_ONCE)
  return {
    build: engine.build,
    firstMs,
    tuning,
    test,
    oneByOne,
    atOnce,
    peakRssMB: process.resourceUsage().maxRSS / 1024,
    outcomes: ALL_QUERIES.map((query) => outcomes.get(query) ?? { total: null, truncated: false }),
  }
}

async function setTimes(engine: Engine, set: QuerySet, outcomes: Map<BenchQuery, Outcome>): Promise<Measured['test']> {
  return {
    literal: await times(engine, set.literal, outcomes),
    regex: await times(engine, set.regex, outcomes),
  }
}

async function times(
  engine: Engine,
  queries: readonly BenchQuery[],
  outcomes: Map<BenchQuery, Outcome>,
): Promise<Times> {
  const firsts: { ms: number; query: BenchQuery }[] = []
  for (const query of queries) firsts.push({ ms: await timed(engine, query, outcomes), query })
  const answered = firsts.filter(({ query }) => outcomes.get(query)?.total !== null)
  const cold = answered.map(({ ms }) => ms)
  const warm: { ms: number; q: string }[] = []
  const began = performance.now()
  for (let round = 0; round < ROUNDS && (round === 0 || performance.now() - began < ROUNDS_MS); round++)
    for (const { query } of answered) warm.push({ ms: await timed(engine, query, outcomes), q: query.q })
  const each = warm.map(({ ms }) => ms)
  const worst = warm.reduce((most, one) => (one.ms > most.ms ? one : most), { ms: 0, q: '' })
  return {
    coldP50Ms: quantile(cold, 0.5),
    coldWorstMs: quantile(cold, 1),
    p50Ms: quantile(each, 0.5),
    p95Ms: quantile(each, 0.95),
    worstMs: worst.ms,
    worstQuery: worst.q,
    refused: queries.length - answered.length,
  }
}

async function timed(
  engine: Engine,
  query: BenchQuery | undefined,
  outcomes: Map<BenchQuery, Outcome>,
): Promise<number> {
  if (query === undefined) throw new Error('there is no query')
  const { q, mode, case: sensitivity } = query
  const began = performance.now()
  const outcome = await engine.search({ q, mode, case: sensitivity, limit: LIMIT }).catch(() => null)
  const ms = performance.now() - began
  outcomes.set(query, { total: outcome?.total ?? null, truncated: outcome?.truncated ?? false })
  return ms
}

/** Literal searches of both sets, again and again, so many under way at any time. */
async function load(engine: Engine, atOnce: number): Promise<Load> {
  const queries = [...TUNING.literal, ...TEST.literal]
  const each: number[] = []
  const unused = new Map<BenchQuery, Outcome>()
  const began = performance.now()
  let next = 0
  const work = async (): Promise<void> => {
    while (performance.now() - began < LOAD_MS) each.push(await timed(engine, queries[next++ % queries.length], unused))
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  const seconds = (performance.now() - began) / 1000
  return { perSecond: each.length / seconds, p50Ms: quantile(each, 0.5), p95Ms: quantile(each, 0.95) }
}
