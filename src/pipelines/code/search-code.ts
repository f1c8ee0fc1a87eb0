import { z } from 'zod'
import { searchCode } from '../../contract/search.ts'
import type { OrgId } from '../../contract/ids.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { InputOf } from '../../contract/operation.ts'
import { selectAllReadable, selectRepository } from './code.sql.ts'
import type { CodeDeps } from './deps.ts'
import { projectScope } from './projects/index.ts'
import { reportDamage, type Rebuild } from './rebuild.ts'
import type { Readable } from './search/index-reader.ts'
import type { SearchPage } from './search/protocol.ts'
import { QueryError } from './search/query.ts'
import { DamagedError } from './shard/format.ts'

const place = z.strictObject({
  class: z.int().min(0).max(9),
  repository: z.string().max(100),
  file: z.int().min(0),
  hash: z.string().max(20),
  skip: z.int().min(0),
})
const position = z.strictObject({
  window: place.nullable(),
  size: z.int().min(0).nullable(),
  counted: z.int().min(0),
  shown: z.int().min(0),
})

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
    const { q: text, mode, language, path } = input
    const query = { text, mode, language, path, caseSensitive: input.case === 'sensitive' }
    const request = { query, from, limit: input.limit }
    const unsearched = new Set<Readable>()
    const page = await settled(ctx, repositories, unsearched, rebuild, (scopes) =>
      reader.search(org, scopes, request, ctx.signal).catch(explain),
    )
    const { matches, total, truncated, next } = page
    const tookMs = Math.round((performance.now() - began) * 100) / 100
    const missing = [...unsearched].map(({ name }) => name)
    return {
      data: { matches, total, truncated, unsearched: missing, tookMs },
      nextCursor:
        next === null ? null : encodeCursor({ ...next, window: next.window === null ? null : { ...next.window } }),
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
  unsearched: Set<Readable>,
  rebuild: Rebuild,
  search: (scopes: readonly Readable[]) => Promise<SearchPage>,
): Promise<SearchPage> {
  const org = ctx.orgId()
  const until = performance.now() + SETTLE_MS
  const seen = new Set<string>()
  const failures = new Map<string, number>()
  for (;;) {
    const scopes = await readable(ctx, org, repositories)
    const names = new Set([...unsearched].map(({ id }) => id))
    try {
      return await search(scopes.filter(({ id }) => !names.has(id)))
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error
      const damaged = scopes.find(({ id }) => error.key.includes(`/${id}/`))
      const count = (failures.get(damaged?.id ?? '') ?? 0) + 1
      failures.set(damaged?.id ?? '', count)
      const isLost = seen.has(error.key) && damaged !== undefined
      if (isLost) reportDamage(rebuild, { org, repository: damaged.id, error })
      if (damaged !== undefined && (isLost || count >= ATTEMPTS)) unsearched.add(damaged)
      else if (count >= ATTEMPTS) throw new TenonError('unavailable', { cause: error })
      if (performance.now() > until) throw new TenonError('unavailable', { cause: error })
      seen.add(error.key)
      await rebuild.reader.drop(error.key)
    }
  }
}

async function readable({ sql }: Ctx, org: OrgId, repositories: string[] | null): Promise<Readable[]> {
  const rows = await sql.run(selectAllReadable, { org, repositories })
  return rows.map(({ id, name, snapshotKey: key, snapshotChecksum: checksum }) => ({
    id,
    name,
    snapshot: { key, checksum },
  }))
}

function explain(error: unknown): never {
  if (!(error instanceof QueryError)) throw error
  const issue = { path: `query.${error.field}`, message: error.message }
  throw new TenonError('validation_failed', { details: { issues: [issue] }, cause: error })
}
