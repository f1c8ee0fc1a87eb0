import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { searchCode, type SearchMatch } from '../../contract/search.ts'
import type { OrgId } from '../../contract/ids.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError, throwIfAborted, toTenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectPaths, selectRepository, selectShards } from './code.sql.ts'
import type { createShardCache } from './shard-cache.ts'
import type { Query } from './shard/lines.ts'
import { ShardDamagedError, type Shard } from './shard/open-shard.ts'

/** Where the next page begins: after so many lines of this file. */
const position = z.strictObject({ repository: z.string().max(100), path: z.string().max(8192), skip: z.int().min(0) })
type Position = z.output<typeof position>

/** Time for looking through shards; beyond it the answer says `truncated`. */
const DEADLINE_MS = 10_000
/** Looks at the index while commits are published under the search. */
const ATTEMPTS = 4

interface Hit {
  readonly repository: string
  readonly path: string
  readonly sha: string
  readonly shard: Shard
  readonly count: number
}

/** Which shards may be opened is decided by rows under row-level security; nothing else leads to one. */
export function searchCodeVerb(cache: ReturnType<typeof createShardCache>): BoundVerb {
  return implement(searchCode, async ({ sql, orgId, signal }, input) => {
    const began = performance.now()
    const org = orgId()
    const from = input.cursor === undefined ? null : decodeCursor(input.cursor, position)
    const query: Query = { text: input.q, caseSensitive: input.case === 'sensitive' }
    let repository: string | null = null
    if (input.repository !== undefined) {
      const [found] = await sql.run(selectRepository, { org, key: input.repository })
      if (found === undefined) throw new TenonError('not_found')
      repository = found.id
    }
    const look = { sql, org, repository, query, cache, signal, deadline: began + DEADLINE_MS }
    const { hits, truncated, page } = await settled(look, (found) => pageOf(found, query, from, input.limit))
    const { matches, next } = page
    const total = hits.reduce((sum, { count }) => sum + count, 0)
    const tookMs = Math.round((performance.now() - began) * 100) / 100
    return { data: { matches, total, truncated, tookMs }, nextCursor: next === null ? null : encodeCursor(next) }
  })
}

interface Look {
  readonly sql: Sql
  readonly org: OrgId
  readonly repository: string | null
  readonly query: Query
  readonly cache: ReturnType<typeof createShardCache>
  readonly signal: AbortSignal
  readonly deadline: number
}

/**
 * Shards and paths are read one after the other, and a commit may be published between: then the answer would be of
 * neither commit, or a shard would be gone. Whoever looks again finds the shards that are named now.
 */
async function settled<P>(
  look: Look,
  pageFrom: (hits: readonly Hit[]) => P,
): Promise<{ hits: Hit[]; truncated: boolean; page: P }> {
  const { sql, org, repository } = look
  let rows = await sql.run(selectShards, { org, repository })
  for (let left = ATTEMPTS; ; left--) {
    const answer = await hitsIn(look, rows)
      .then((found) => ({ ...found, page: guarded(() => pageFrom(found.hits)) }))
      .catch((thrown: unknown) => toTenonError(thrown))
    const now = await sql.run(selectShards, { org, repository })
    if (left === 1 || keysOf(now) === keysOf(rows)) {
      if (answer instanceof TenonError) throw answer
      return answer
    }
    rows = now
  }
}

function keysOf(rows: readonly { blobKey: string }[]): string {
  return rows.map(({ blobKey }) => blobKey).join()
}

async function hitsIn(
  { sql, org, query, cache, signal, deadline }: Look,
  rows: readonly { repositoryId: string; blobKey: string }[],
): Promise<{ hits: Hit[]; truncated: boolean }> {
  const found = new Map<string, { repositoryId: string; sha: string; shard: Shard; count: number }>()
  let truncated = false
  for (const { repositoryId, blobKey } of rows) {
    throwIfAborted(signal)
    const shard = guarded(() => cache.open(blobKey))
    const { counts, complete } = guarded(() => shard.counts(query, deadline))
    truncated ||= !complete
    for (const [sha, count] of counts) found.set(`${repositoryId} ${sha}`, { repositoryId, sha, shard, count })
    await setImmediate()
  }
  const each = [...found.values()]
  const paths = await sql.run(selectPaths, {
    org,
    repositories: each.map(({ repositoryId }) => repositoryId),
    shas: each.map(({ sha }) => sha),
  })
  const hits = paths.flatMap(({ repositoryId, repository: name, path, sha }): Hit[] => {
    const hit = found.get(`${repositoryId} ${sha}`)
    return hit === undefined ? [] : [{ repository: name, path, sha, shard: hit.shard, count: hit.count }]
  })
  return { hits, truncated }
}

function pageOf(
  hits: readonly Hit[],
  query: Query,
  from: Position | null,
  limit: number,
): { matches: SearchMatch[]; next: Position | null } {
  const matches: SearchMatch[] = []
  for (const { repository, path, sha, shard, count } of hits) {
    if (from !== null && isBefore({ repository, path }, from)) continue
    const skip = from !== null && from.repository === repository && from.path === path ? from.skip : 0
    if (skip >= count) continue
    const room = limit - matches.length
    if (room === 0) return { matches, next: { repository, path, skip } }
    matches.push(
      ...shard
        .matches(sha, query, { limit: room, skip })
        .map((match) => ({ repository, path, ...match, ranges: [...match.ranges] })),
    )
    if (count - skip > room) return { matches, next: { repository, path, skip: skip + room } }
  }
  return { matches, next: null }
}

/** In the order of the answer, which is that of the bytes, as the database sorts. */
function isBefore(a: { repository: string; path: string }, b: Position): boolean {
  const compare = (x: string, y: string): number => Buffer.compare(Buffer.from(x), Buffer.from(y))
  return (compare(a.repository, b.repository) || compare(a.path, b.path)) < 0
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (thrown) {
    if (thrown instanceof ShardDamagedError)
      throw new TenonError('unavailable', { details: { reason: 'a part of the index is damaged' }, cause: thrown })
    throw thrown
  }
}
