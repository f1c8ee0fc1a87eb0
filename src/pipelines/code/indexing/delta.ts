import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import type { Change } from '../git/history.ts'
import { dialectOf } from '../graph/facts.ts'
import * as graphSql from '../graph/graph.sql.ts'
import type { CommitGraph } from './commit-graph.ts'
import type { PublicModule } from '../graph/resolve/resolver.ts'
import type { Contents } from './contents.ts'
import * as sql from './indexing.sql.ts'
import type { IndexCtx } from './shapes.ts'

/** Rows that one statement writes. */
const ROWS = 5_000

/** What the rows of the commit before have to become. A file that moved is another path with the same blob. */
export async function deltaOf(
  { org, input: { repository }, inTenant }: IndexCtx,
  files: Contents['files'],
  { commit, changes, graph }: { commit: string; changes: ReadonlyMap<string, Change>; graph: CommitGraph | null },
) {
  const { rows, kept } = await inTenant(async (tenant) => ({
    rows: await tenant.run(sql.selectFiles, { org, repository }),
    kept: await tenant.run(graphSql.selectModules, { org, repository }),
  }))
  const before = new Map(rows.map((row) => [row.path, row]))
  const isFirst = before.size === 0
  const relinked: string[] = []
  const edges: (graphSql.EdgeRow & { src: string })[] = []
  const written = files.flatMap(({ path, sha, language }) => {
    const row = before.get(path)
    before.delete(path)
    const linked = graph?.files.get(path)
    const links = { dialect: dialectOf(path), edges: linked?.digest ?? null, cycle: linked?.cycle ?? null }
    if ((row?.edges ?? null) !== links.edges) {
      if (row !== undefined) relinked.push(path)
      for (const edge of linked?.edges ?? []) edges.push({ src: path, ...edge })
    }
    const known = changes.get(path)
    const isSame = row?.sha === sha && (known === undefined || known.commit === row.commit)
    if (isSame && row.edges === links.edges && row.cycle === links.cycle && row.dialect === links.dialect) return []
    // Of a change that the known history does not tell, the commit is the last that can have made it.
    const change = isSame ? null : (known ?? (isFirst ? null : { commit, at: new Date() }))
    return [{ path, sha, language, commit: change?.commit ?? null, at: change?.at.toISOString() ?? null, ...links }]
  })
  const present = new Set(files.map(({ path }) => path))
  const removed = [...before.keys()]
  return {
    written,
    removed,
    relinked: [...relinked, ...removed],
    edges,
    ...modulesDelta(kept, graph?.modules ?? [], present),
  }
}

/** A file of another repository is one that can be searched. */
function modulesDelta(
  kept: readonly { module: string; path: string }[],
  modules: readonly PublicModule[],
  files: ReadonlySet<string>,
) {
  const now = new Map(modules.filter(({ path }) => files.has(path)).map(({ module, path }) => [module, path]))
  const before = new Map(kept.map(({ module, path }) => [module, path]))
  return {
    modules: [...now]
      .filter(([module, path]) => before.get(module) !== path)
      .map(([module, path]) => ({ module, path })),
    lostModules: [...before.keys()].filter((module) => !now.has(module)),
  }
}

/** In the transaction that publishes the commit. */
export async function writeDelta(
  tenant: Sql,
  key: { org: OrgId; repository: RepositoryId },
  delta: Awaited<ReturnType<typeof deltaOf>>,
): Promise<void> {
  for (const paths of pagesOf(delta.removed)) await tenant.run(sql.deleteFiles, { ...key, paths })
  for (const rows of pagesOf(delta.written)) await tenant.run(sql.upsertFiles, { ...key, rows: JSON.stringify(rows) })
  for (const paths of pagesOf(delta.relinked)) await tenant.run(graphSql.deleteEdges, { ...key, paths })
  for (const rows of pagesOf(delta.edges))
    await tenant.run(graphSql.insertEdges, { ...key, rows: JSON.stringify(rows) })
  for (const modules of pagesOf(delta.lostModules)) await tenant.run(graphSql.deleteModules, { ...key, modules })
  for (const rows of pagesOf(delta.modules))
    await tenant.run(graphSql.upsertModules, { ...key, rows: JSON.stringify(rows) })
}

export function* pagesOf<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS) yield rows.slice(at, at + ROWS)
}
