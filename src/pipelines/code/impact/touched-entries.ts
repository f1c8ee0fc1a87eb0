import type { Impact } from '../../../contract/impact.ts'
import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import * as sql from '../graph/walk.sql.ts'
import { classOf } from '../snapshot/class-of.ts'
import { edgesInto } from '../graph/reach/edges-into.ts'
import { touchedEntryPoints } from './entry-points.ts'
import { fileKey, type FileKey } from '../graph/reach/use-edge.ts'
import { routeOfPath } from './route-of-path.ts'

type Entry = Impact['endpoints'][number]

/** A file in which a change is felt. */
export interface Felt extends FileKey {
  /** Its exports that are affected; `*` for all. */
  readonly names: ReadonlySet<string>
  readonly distance: number
  /** How the change comes to it. */
  readonly reason: string
}

/** Of one repository. */
const MAX_ENTRY_POINTS = 20_000

/**
 * Routes and jobs on which a change can be felt: those that stand in what is affected, and those that something affected
 * imports by name, as a handler imports the definition that it implements.
 */
export async function touchedEntries(
  tenant: Sql,
  { org, repositories, felt }: { org: OrgId; repositories: readonly RepositoryId[]; felt: readonly Felt[] },
): Promise<Entry[]> {
  const byFile = new Map(felt.filter(({ path }) => classOf(path) !== 'test').map((one) => [fileKey(one), one]))
  const entries = new Map<string, Entry>()
  for (const repository of repositories) {
    const rows = await tenant.run(sql.selectEntryPoints, { org, repository, limit: MAX_ENTRY_POINTS })
    const files = Map.groupBy(
      rows.filter(({ path }) => classOf(path) === 'source'),
      ({ path }) => path,
    )
    const add = (row: (typeof rows)[number], { distance, reason }: Pick<Felt, 'distance' | 'reason'>): void => {
      const { path, kind, method, name, title, line } = row
      const key = `${repository} ${path} ${line} ${method ?? ''} ${name}`
      const known = entries.get(key)
      if (known !== undefined && known.distance <= distance) return
      entries.set(key, { repository, kind, method, name, title, path, line, distance, reason })
    }
    for (const [path, entryPoints] of files) {
      const here = byFile.get(fileKey({ repository, path }))
      if (here === undefined) continue
      const symbols = entryPoints.map(({ symbol, exportedAs }) => ({
        name: symbol ?? '',
        exportedAs: exportedAs ?? [],
      }))
      for (const row of touchedEntryPoints({ entryPoints, symbols }, here.names)) add(row, here)
    }
    const bound = await boundBy(tenant, { org, repository, files: [...files.keys()], byFile })
    for (const { path, imported, by } of bound)
      for (const row of files.get(path) ?? []) if (row.exportedAs?.includes(imported) === true) add(row, by)
  }
  for (const one of byFile.values()) {
    const route = routeOfPath(one.path)
    if (route === null) continue
    const { repository, path, distance, reason } = one
    const entry = { repository, kind: 'endpoint' as const, method: null, name: route, title: null, path, line: 1 }
    entries.set(`${repository} ${path} route`, { ...entry, distance, reason })
  }
  return [...entries.values()].toSorted(
    (a, b) => a.distance - b.distance || compareText(a.title ?? a.name, b.title ?? b.name) || a.line - b.line,
  )
}

interface Bound {
  /** Of the definition. */
  readonly path: string
  readonly imported: string
  readonly by: Felt
}

/** What is felt imports these definitions by name, in a symbol that is affected. */
async function boundBy(
  tenant: Sql,
  {
    org,
    repository,
    files,
    byFile,
  }: { org: OrgId; repository: RepositoryId; files: readonly string[]; byFile: ReadonlyMap<string, Felt> },
): Promise<Bound[]> {
  if (files.length === 0) return []
  const edges = await edgesInto(tenant, org, null)(files.map((path) => ({ repository, path })))
  return edges.flatMap(({ src, dst, typeOnly, uses, kind }) => {
    const by = byFile.get(fileKey({ repository, path: src }))
    if (by === undefined || typeOnly || kind === 're-export' || kind === 'mock') return []
    const isFelt = (names: readonly string[]): boolean =>
      by.names.has('*') || names.includes('*') || names.some((name) => by.names.has(name))
    return Object.entries(uses).flatMap(([imported, names]) =>
      imported !== '*' && isFelt(names) ? [{ path: dst, imported, by }] : [],
    )
  })
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
