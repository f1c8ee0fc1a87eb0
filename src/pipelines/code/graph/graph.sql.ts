import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import { statement } from '../../../kernel/statement.ts'

interface Key {
  org: OrgId
  repository: RepositoryId
}

/** Blobs whose facts are those of this version. */
export const selectParsed = statement<Key & { version: number }, { sha: string; dialect: string }>(
  'graph.parsed',
  'select sha, dialect from code_facts where org_id = :org and repository_id = :repository and version = :version',
)

/** A blob as it was parsed: the same place in both lists. */
interface Parsed {
  shas: readonly string[]
  dialects: readonly string[]
}

/** What was found before in these; nothing mostly. What hangs on it is taken away by `deleteFound`. */
export const deleteFacts = statement<Key & Parsed, { sha: string; dialect: string }>(
  'graph.deleteFacts',
  `delete from code_facts f using unnest(:shas::text[], :dialects::text[]) as b (sha, dialect)
   where f.org_id = :org and f.repository_id = :repository and f.sha = b.sha and f.dialect = b.dialect
   returning f.sha, f.dialect`,
)

/** Blob by blob: until there are statistics, the planner takes the whole repository for as little as one blob. */
export const deleteFound = statement<Key & Parsed>(
  'graph.deleteFound',
  `with blobs as (select * from unnest(:shas::text[], :dialects::text[]) as b (sha, dialect)),
   symbols as (
     delete from code_symbols s using blobs b
     where s.org_id = :org and s.repository_id = :repository and s.sha = b.sha and s.dialect = b.dialect)
   delete from code_entry_points p using blobs b
   where p.org_id = :org and p.repository_id = :repository and p.sha = b.sha and p.dialect = b.dialect`,
)

export const insertFacts = statement<Key & { rows: string }>(
  'graph.insertFacts',
  `insert into code_facts (org_id, repository_id, sha, dialect, version, incomplete, imports)
   select :org, :repository, sha, dialect, version, incomplete, imports
   from jsonb_to_recordset(:rows::jsonb) as r (sha text, dialect text, version int, incomplete boolean, imports text)`,
)

export const insertSymbols = statement<Key & { rows: string }>(
  'graph.insertSymbols',
  `insert into code_symbols (org_id, repository_id, sha, dialect, n, name, name_folded, kind, exported_as, line, end_line)
   select :org, :repository, sha, dialect, n, name, folded, kind,
     array(select jsonb_array_elements_text(exported)), line, "end"
   from jsonb_to_recordset(:rows::jsonb) as r
     (sha text, dialect text, n int, name text, folded text, kind text, exported jsonb, line int, "end" int)`,
)

export const insertEntryPoints = statement<Key & { rows: string }>(
  'graph.insertEntryPoints',
  `insert into code_entry_points (org_id, repository_id, sha, dialect, n, kind, method, name, title, symbol, line)
   select :org, :repository, sha, dialect, n, kind, method, name, title, symbol, line
   from jsonb_to_recordset(:rows::jsonb) as r
     (sha text, dialect text, n int, kind text, method text, name text, title text, symbol text, line int)`,
)

/** Imports of these blobs, as `factRowsOf` keeps them. */
export const selectImports = statement<
  Key & { shas: readonly string[] },
  { sha: string; dialect: string; incomplete: boolean; imports: string }
>(
  'graph.imports',
  `select sha, dialect, incomplete, imports from code_facts
   where org_id = :org and repository_id = :repository and sha = any(:shas)`,
)

/** Of which nothing is needed any more: no file of the commit has them. */
export const selectUnusedFacts = statement<Key, { sha: string; dialect: string }>(
  'graph.unusedFacts',
  `select sha, dialect from code_facts where org_id = :org and repository_id = :repository
   except select sha, dialect from code_files where org_id = :org and repository_id = :repository`,
)

/** One import of a file, as it is resolved in the commit. */
export interface EdgeRow {
  readonly n: number
  readonly dst: string | null
  readonly reason: string | null
  readonly kind: string
  readonly typeOnly: boolean
  readonly line: number
  readonly specifier: string | null
  readonly names: readonly string[]
  /** JSON. */
  readonly uses: string | null
  readonly module: string | null
}

export const deleteEdges = statement<Key & { paths: readonly string[] }>(
  'graph.deleteEdges',
  'delete from code_edges where org_id = :org and repository_id = :repository and src = any(:paths)',
)

export const insertEdges = statement<Key & { rows: string }>(
  'graph.insertEdges',
  `insert into code_edges
     (org_id, repository_id, src, n, dst, reason, kind, type_only, line, specifier, names, uses, module)
   select :org, :repository, src, n, dst, reason, kind, "typeOnly", line, specifier,
     array(select jsonb_array_elements_text(names)), uses, module
   from jsonb_to_recordset(:rows::jsonb) as r (src text, n int, dst text, reason text, kind text, "typeOnly" boolean,
     line int, specifier text, names jsonb, uses text, module text)`,
)

export const selectModules = statement<Key, { module: string; path: string }>(
  'graph.modules',
  'select module, path from code_modules where org_id = :org and repository_id = :repository',
)

export const deleteModules = statement<Key & { modules: readonly string[] }>(
  'graph.deleteModules',
  'delete from code_modules where org_id = :org and repository_id = :repository and module = any(:modules)',
)

export const upsertModules = statement<Key & { rows: string }>(
  'graph.upsertModules',
  `insert into code_modules (org_id, repository_id, module, path)
   select :org, :repository, module, path from jsonb_to_recordset(:rows::jsonb) as r (module text, path text)
   on conflict (org_id, repository_id, module) do update set path = excluded.path`,
)
