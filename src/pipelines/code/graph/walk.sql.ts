import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import { statement } from '../../../kernel/statement.ts'

/** Of files of one repository. */
interface Files {
  org: OrgId
  repository: RepositoryId
  paths: readonly string[]
}

/** An import that leads from one file to another; the two may stand in different repositories. */
export interface Edge {
  readonly srcRepository: RepositoryId
  readonly src: string
  readonly dstRepository: RepositoryId
  readonly dst: string
  readonly kind: string
  readonly typeOnly: boolean
  readonly line: number
  readonly specifier: string | null
  readonly names: readonly string[]
  /** JSON, as in the row. */
  readonly uses: string | null
}

const COLUMNS = 'e.src, e.kind, e.type_only, e.line, e.specifier, e.names'

/**
 * Rows are looked up path by path, and each look-up is kept apart by `offset 0`, or by an order that one index alone has.
 * With `= any` the planner, which takes an organisation and its repository for two chances, may read the whole repository
 * by another index that begins alike. Without statistics, as after the first index, it always does.
 */
const PATHS = '(select distinct path from unnest(:paths::text[]) as given(path)) p'

const EDGES_INTO = `cross join lateral (
     select * from code_edges x where x.org_id = :org and x.repository_id = :repository and x.dst = p.path offset 0) e`

const EDGES_FROM = `cross join lateral (
     select * from code_edges x where x.org_id = :org and x.repository_id = :repository and x.src = p.path offset 0) e`

/** One for each path at most. */
const FILES = `cross join lateral (
     select * from code_files x where x.org_id = :org and x.repository_id = :repository and x.path >= p.path
     order by x.path limit 1) f`

export const selectEdgesInto = statement<Files, Edge>(
  'graph.edgesInto',
  `select e.repository_id as src_repository, e.repository_id as dst_repository, e.dst, ${COLUMNS}, null as uses
   from ${PATHS} ${EDGES_INTO}`,
)

/** With what each affects. */
export const selectUsesInto = statement<Files, Edge>(
  'graph.usesInto',
  `select e.repository_id as src_repository, e.repository_id as dst_repository, e.dst, ${COLUMNS}, e.uses
   from ${PATHS} ${EDGES_INTO}`,
)

export const selectEdgesFrom = statement<Files, Edge>(
  'graph.edgesFrom',
  `select e.repository_id as src_repository, e.repository_id as dst_repository, e.dst, ${COLUMNS}, null as uses
   from ${PATHS} ${EDGES_FROM} where e.dst is not null`,
)

/** From other repositories, by the names of packages. */
export const selectPackageEdgesInto = statement<Files & { scope: readonly string[] }, Edge>(
  'graph.packageEdgesInto',
  `select e.repository_id as src_repository, m.repository_id as dst_repository, m.path as dst, ${COLUMNS}, e.uses
   from ${PATHS} cross join lateral (
     select * from code_modules x where x.org_id = :org and x.repository_id = :repository and x.path = p.path offset 0) m
   cross join lateral (
     select * from code_edges x where x.org_id = :org and x.module = m.module and x.module is not null offset 0) e
   where e.repository_id = any(:scope) and e.repository_id <> :repository`,
)

export const selectPackageEdgesFrom = statement<Files & { scope: readonly string[] }, Edge>(
  'graph.packageEdgesFrom',
  `select e.repository_id as src_repository, m.repository_id as dst_repository, m.path as dst, ${COLUMNS}, null as uses
   from ${PATHS} ${EDGES_FROM} cross join lateral (
     select * from code_modules x where x.org_id = :org and x.repository_id = any(:scope) and x.module = e.module
       offset 0) m
   where e.module is not null and m.repository_id <> :repository`,
)

/** Imports that lead nowhere; of these files, or of all. */
export const selectUnresolved = statement<
  { org: OrgId; repository: RepositoryId; paths: readonly string[] | null; limit: number },
  {
    path: string
    line: number
    specifier: string | null
    reason: 'not_found' | 'undeclared' | 'not_literal'
    total: number
  }
>(
  'graph.unresolved',
  `select src as path, line, specifier, reason, count(*) over () as total from code_edges
   where org_id = :org and repository_id = :repository and reason in ('not_found', 'undeclared', 'not_literal')
     and (:paths::text[] is null or src = any(:paths))
   order by src, n limit :limit`,
)

/** Packages that these files import. */
export const selectExternals = statement<
  Files & { limit: number },
  { specifier: string; reason: 'external' | 'builtin' }
>(
  'graph.externals',
  `select distinct specifier, reason from code_edges
   where org_id = :org and repository_id = :repository and src = any(:paths)
     and reason in ('external', 'builtin') and specifier is not null
   order by specifier limit :limit`,
)

/** The circles that these files are in, each with its first files. */
export const selectCycles = statement<
  Files & { limit: number; shown: number },
  { paths: string[]; size: number; total: number }
>(
  'graph.cycles',
  `select trim_array(array_agg(f.path order by f.path), greatest(count(*)::int - :shown::int, 0)) as paths,
     count(*) as size, count(*) over () as total
   from (
     select distinct f.cycle from ${PATHS} ${FILES} where f.path = p.path and f.cycle is not null) c
   cross join lateral (
     select cycle, path from code_files x
     where x.org_id = :org and x.repository_id = :repository and x.cycle = c.cycle offset 0) f
   group by f.cycle order by count(*) desc, f.cycle limit :limit`,
)

/** What is known of these files. */
export const selectGraphFiles = statement<
  Files,
  { path: string; sha: string; language: string | null; dialect: string | null; incomplete: boolean | null }
>(
  'graph.files',
  `select f.path, f.sha, f.language, f.dialect, facts.incomplete
   from ${PATHS} ${FILES}
   left join lateral (
     select incomplete from code_facts x
     where x.org_id = :org and x.repository_id = :repository and x.sha = f.sha and x.dialect = f.dialect offset 0
   ) facts on true
   where f.path = p.path`,
)

/** Where symbols of this name are defined; by name alone, or in one file. */
export const selectDefinitions = statement<
  { org: OrgId; repository: RepositoryId; folded: string; name: string; path: string | null; limit: number },
  { path: string; name: string; kind: string; exportedAs: string[]; line: number }
>(
  'graph.definitions',
  `select f.path, s.name, s.kind, s.exported_as, s.line from code_symbols s
   join code_files f on f.org_id = s.org_id and f.repository_id = s.repository_id
     and f.sha = s.sha and f.dialect = s.dialect
   where s.org_id = :org and s.repository_id = :repository and s.name_folded = :folded
     and (s.name = :name or right(s.name, length(:name) + 1) = '.' || :name)
     and (:path::text is null or f.path = :path)
   order by s.name <> :name, f.path, s.n limit :limit`,
)

/** What leads to the graph of a repository. */
export const selectGraph = statement<
  { org: OrgId; key: string },
  {
    id: RepositoryId
    name: string
    source: string
    commit: string | null
    indexedAt: string | null
    graphVersion: number | null
    snapshotKey: string | null
    snapshotChecksum: string | null
  }
>(
  'graph.repository',
  `select id, name, source, indexed_commit as commit, indexed_at, graph_version, snapshot_key, snapshot_checksum
   from repositories where org_id = :org and (id = :key or name = :key)`,
)

export const selectNames = statement<
  { org: OrgId; repositories: readonly string[] },
  { id: RepositoryId; name: string }
>('graph.names', 'select id, name from repositories where org_id = :org and id = any(:repositories)')

/**
 * Definitions by the folded last part of their names, from one to another in the order of bytes; of members also by the
 * whole of them, or its beginning, in lower case and ASCII.
 */
export const selectSymbols = statement<
  {
    org: OrgId
    repositories: readonly string[] | null
    from: string
    to: string
    whole: string | null
    isPrefix: boolean
    limit: number
  },
  { repository: string; name: string; path: string; line: number; symbol: string; kind: string }
>(
  'graph.symbols',
  `select r.id as repository, r.name, f.path, s.line, s.name as symbol, s.kind
   from code_symbols s
   join code_files f on f.org_id = s.org_id and f.repository_id = s.repository_id
     and f.sha = s.sha and f.dialect = s.dialect
   join repositories r on r.org_id = s.org_id and r.id = s.repository_id
   where s.org_id = :org and s.name_folded >= :from and s.name_folded <= :to
     and (:repositories::text[] is null or s.repository_id = any(:repositories))
     and (:whole::text is null or lower(s.name) = :whole or (:isPrefix::boolean and starts_with(lower(s.name), :whole)))
   order by s.name_folded, r.name, f.path, s.line limit :limit`,
)

/** Files that import each of these. */
export const selectFanIn = statement<Files, { path: string; importers: number }>(
  'graph.fanIn',
  `select e.dst as path, count(distinct e.src)::int as importers
   from ${PATHS} ${EDGES_INTO} group by e.dst`,
)

/** Routes and jobs of a repository, each with the names under which others import the symbol that it stands in. */
export const selectEntryPoints = statement<
  { org: OrgId; repository: RepositoryId; limit: number },
  {
    path: string
    kind: 'endpoint' | 'job'
    method: string | null
    name: string
    title: string | null
    symbol: string | null
    line: number
    exportedAs: string[] | null
  }
>(
  'graph.entryPoints',
  `select f.path, p.kind, p.method, p.name, p.title, p.symbol, p.line, (
     select s.exported_as from code_symbols s where s.org_id = p.org_id and s.repository_id = p.repository_id
       and s.sha = p.sha and s.dialect = p.dialect and s.name = p.symbol limit 1) as exported_as
   from code_entry_points p
   join code_files f on f.org_id = p.org_id and f.repository_id = p.repository_id
     and f.sha = p.sha and f.dialect = p.dialect
   where p.org_id = :org and p.repository_id = :repository order by f.path, p.n limit :limit`,
)
