import { basename, extname } from 'node:path'
import { statement, type Sql } from '../../src/kernel/statement.ts'
import { walk } from '../../src/pipelines/code/graph/walk.ts'
import { ripgrep } from '../search/ripgrep.ts'
import { median, quantile } from '../statistics.ts'
import type { Files, Key } from './choose-files.ts'

export interface Times {
  readonly p50Ms: number
  readonly worstMs: number
}

export interface WalkResults {
  readonly files: number
  /** Of one answer. */
  readonly dependents: { readonly median: number; readonly most: number }
  /** The walk under row-level security, in a process without other work. */
  readonly sql: Times & { readonly top: Times; readonly worstPath: string }
  /** One row by its primary key, as the same tenant. */
  readonly read: Times
  readonly rest: Times
  /** `GET /v1/repositories/…`: what a call costs that reads one row. */
  readonly restRead: Times
  /** Looking for the name of the file in all files with ripgrep. */
  readonly ripgrep: Times
  readonly ratios: { readonly sqlToRead: number; readonly restToRestRead: number; readonly ripgrepToRest: number }
}

/** As the operation: see `search-dependencies.ts`. */
const MAX_FILES = 50_000
const DEPTH = 3
const ROUNDS = 3

const selectRepository = statement<Key, { name: string }>(
  'bench.repository',
  'select name from repositories where org_id = :org and id = :repository',
)

export type SqlResults = Pick<WalkResults, 'files' | 'dependents' | 'sql' | 'read'>

/** Each file in turn; the first round only warms up. Of each, its median. */
export async function askSql(tenant: Sql, key: Key, { top, random }: Files): Promise<SqlResults> {
  const paths = [...top, ...random]
  const found = new Map<string, number>()
  const walks = await timesOf(paths, async (path) => {
    const { reached } = await walk(tenant, key.org, {
      start: [{ repository: key.repository, path }],
      direction: 'dependent',
      depth: DEPTH,
      typeOnly: true,
      scope: null,
      follow: () => true,
      maxFiles: MAX_FILES,
    })
    found.set(path, reached.length)
  })
  const reads = await timesOf(paths, () => tenant.run(selectRepository, key))
  const counts = [...found.values()]
  const worst = paths.toSorted((a, b) => (walks.get(b) ?? 0) - (walks.get(a) ?? 0))[0] ?? ''
  return {
    files: paths.length,
    dependents: { median: median(counts), most: Math.max(...counts) },
    sql: { ...summary([...walks.values()]), top: summary(top.map((path) => walks.get(path) ?? 0)), worstPath: worst },
    read: summary([...reads.values()]),
  }
}

export interface Rest {
  readonly url: string
  readonly apiKey: string
  readonly repository: string
  readonly signal: AbortSignal
}

type RestResults = Pick<WalkResults, 'rest' | 'restRead' | 'ripgrep' | 'ratios'>

export async function askOverRest(
  rest: Rest,
  { files: { top, random }, source, sql }: { files: Files; source: string; sql: SqlResults },
): Promise<RestResults> {
  const paths = [...top, ...random]
  const asked = await timesOf(paths, async (path) => {
    const query = new URLSearchParams({ path, repository: rest.repository, depth: String(DEPTH) })
    await call(rest, `/v1/dependencies/bench?${query.toString()}`)
  })
  const reads = await timesOf(paths, () => call(rest, `/v1/repositories/bench/${rest.repository}`))
  const named = paths.map((path) => {
    const q = basename(path, extname(path))
    return ripgrep({ kind: 'name', q, mode: 'literal', case: 'sensitive' }, source, ['--glob=!.git']).ms
  })
  const results = {
    rest: summary([...asked.values()]),
    restRead: summary([...reads.values()]),
    ripgrep: summary(named),
  }
  return {
    ...results,
    ratios: {
      sqlToRead: sql.sql.p50Ms / sql.read.p50Ms,
      restToRestRead: results.rest.p50Ms / results.restRead.p50Ms,
      ripgrepToRest: results.ripgrep.p50Ms / results.rest.p50Ms,
    },
  }
}

export async function call({ url, apiKey, signal }: Rest, path: string, body?: object): Promise<unknown> {
  const answer = await fetch(`${url}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.any([signal, AbortSignal.timeout(60_000)]),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${path} is answered with ${answer.status}: ${text}`)
  return (JSON.parse(text) as { data: unknown }).data
}

async function timesOf(
  paths: readonly string[],
  ask: (path: string) => Promise<unknown>,
): Promise<Map<string, number>> {
  const times = new Map<string, number[]>()
  for (let round = 0; round <= ROUNDS; round++) {
    for (const path of paths) {
      const began = performance.now()
      await ask(path)
      const ms = performance.now() - began
      if (round > 0) times.set(path, [...(times.get(path) ?? []), ms])
    }
  }
  return new Map([...times].map(([path, all]) => [path, median(all)]))
}

export function summary(times: readonly number[]): Times {
  return { p50Ms: quantile(times, 0.5), worstMs: quantile(times, 1) }
}
