import { z } from 'zod'
import { searchCode } from '../../contract/search.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { fitPage } from '../../kernel/fit-page.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { InputOf } from '../../contract/operation.ts'
import { selectAllReadable, selectRepository } from './code.sql.ts'
import type { CodeDeps } from './deps.ts'
import { projectScope } from './projects/index.ts'
import type { Rebuild } from './rebuild.ts'
import { queryOf } from './symbol-query.ts'
import type { IndexReader, Readable } from './search/index-reader.ts'
import type { SearchPage } from './search/protocol.ts'
import { QueryError } from './search/query.ts'
import { DamagedError } from './shard/format.ts'

const amount = z.int().min(0).max(1_000_000_000)
const place = z.strictObject({
  class: z.int().min(0).max(9),
  repository: z.string().max(100),
  file: amount,
  hash: z.string().max(20),
  skip: amount,
})
const position = z.strictObject({ from: place.nullable(), to: place.nullable(), counted: amount, shown: amount })

/** Times that a search looks anew at a repository, because a part of it was gone. */
const ATTEMPTS = 4
/** When so much is damaged that leaving it out takes longer, nothing is answered. */
const SETTLE_MS = 10_000

/** Which parts of the index may be read is decided by rows under row-level security; nothing else leads to one. */
export function searchCodeVerb({ reader }: CodeDeps, rebuild: Rebuild): BoundVerb {
  return implement(searchCode, async (ctx, input) => {
    const began = performance.now()
    const from = input.cursor === undefined ? null : decodeCursor(input.cursor, position)
    const org = ctx.orgId()
    const repositories = await scopeOf(ctx, input)
    const { query, definitions } = await queryOf(ctx, input, repositories)
    const request = { query, from }
    const ask = (limit: number) =>
      settled(ctx, repositories, { reader, rebuild }, (scopes) =>
        reader.search(org, scopes, { ...request, limit }, ctx.signal).catch(explain),
      )
    const found = await ask(input.limit)
    const room = fitPage(found.page.matches.map(definitions.mark), input).length
    // Only the search itself knows how to go on from fewer.
    const { page, unsearched } = room < found.page.matches.length ? await ask(room) : found
    const { matches, total, truncated, next } = page
    const tookMs = Math.round((performance.now() - began) * 100) / 100
    return {
      data: {
        matches: matches.map(definitions.mark),
        total,
        truncated: truncated || definitions.isCut,
        unsearched,
        tookMs,
      },
      nextCursor:
        next === null
          ? null
          : encodeCursor({ ...next, from: next.from && { ...next.from }, to: next.to && { ...next.to } }),
    }
  })
}

/** Ids of the repositories that are asked for; null for all. @throws TenonError `not_found` */
async function scopeOf(
  { sql, orgId }: Ctx,
  { repository, project }: InputOf<typeof searchCode>,
): Promise<string[] | null> {
  const org = orgId()
  const inProject = project === undefined ? null : await projectScope(sql, org, project)
  if (repository === undefined) return inProject
  const [found] = await sql.run(selectRepository, { org, key: repository })
  if (found === undefined) throw new TenonError('not_found')
  return inProject === null || inProject.includes(found.id) ? [found.id] : []
}

/**
 * A commit may be published while it is searched: then parts of the one before are gone, and whoever looks again finds
 * those that are named now. What is damaged a second time is left out, and built again.
 */
async function settled(
  ctx: Ctx,
  repositories: string[] | null,
  { reader, rebuild }: { reader: IndexReader; rebuild: Rebuild },
  search: (scopes: readonly Readable[]) => Promise<SearchPage>,
): Promise<{ page: SearchPage; unsearched: string[] }> {
  const org = ctx.orgId()
  const until = performance.now() + SETTLE_MS
  const lost = new Set<string>()
  const seen = new Set<string>()
  const failures = new Map<string, number>()
  for (;;) {
    const rows = await ctx.sql.run(selectAllReadable, { org, repositories })
    const scopes = rows.flatMap(readableOf).filter(({ id }) => !lost.has(id))
    try {
      const page = await search(scopes)
      const searched = new Set(scopes.map(({ id }) => id))
      return { page, unsearched: rows.filter(({ id }) => !searched.has(id)).map(({ name }) => name) }
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error
      const damaged = rows.find(({ id }) => error.key.includes(`/${id}/`))?.id
      const count = (failures.get(damaged ?? '') ?? 0) + 1
      failures.set(damaged ?? '', count)
      const isLost = seen.has(error.key) && damaged !== undefined
      if (isLost) rebuild.report({ org, repository: damaged, error })
      if (damaged !== undefined && (isLost || count >= ATTEMPTS)) lost.add(damaged)
      else if (count >= ATTEMPTS) throw new TenonError('unavailable', { cause: error })
      if (performance.now() > until) throw new TenonError('unavailable', { cause: error })
      seen.add(error.key)
      await reader.drop(error.key)
    }
  }
}

function readableOf({
  id,
  name,
  snapshotKey,
  snapshotChecksum,
}: {
  id: string
  name: string
  snapshotKey: string | null
  snapshotChecksum: string
}): Readable[] {
  return snapshotKey === null ? [] : [{ id, name, snapshot: { key: snapshotKey, checksum: snapshotChecksum } }]
}

function explain(error: unknown): never {
  if (!(error instanceof QueryError)) throw error
  const issue = { path: `query.${error.field}`, message: error.message }
  throw new TenonError('validation_failed', { details: { issues: [issue] }, cause: error })
}
