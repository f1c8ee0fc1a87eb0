import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import { statement } from '../../../kernel/statement.ts'
import type { SymbolKind } from '../graph/facts.ts'
import type { IndexedImport, LocalImport } from './spec-index.ts'

interface Key {
  org: OrgId
  repository: RepositoryId
}

export const selectPaths = statement<
  Key,
  { path: string; language: string | null; dialect: string | null; incomplete: boolean | null }
>(
  'specs.paths',
  `select f.path, f.language, f.dialect, x.incomplete from code_files f
   left join code_facts x on x.org_id = f.org_id and x.repository_id = f.repository_id
     and x.sha = f.sha and x.dialect = f.dialect
   where f.org_id = :org and f.repository_id = :repository order by f.path`,
)

interface SymbolRow {
  path: string
  name: string
  line: number
  kind: SymbolKind
  exportedAs: string[]
}

const SYMBOLS = `select f.path, s.name, s.line, s.kind, s.exported_as from code_symbols s
   join code_files f on f.org_id = s.org_id and f.repository_id = s.repository_id
     and f.sha = s.sha and f.dialect = s.dialect
   where s.org_id = :org and s.repository_id = :repository`

export const selectSymbolsOf = statement<Key & { paths: readonly string[] }, SymbolRow>(
  'specs.symbolsOf',
  `${SYMBOLS} and f.path = any(:paths) order by f.path, s.n`,
)

/** By the folded last part of their names. */
export const selectSymbolsFolded = statement<Key & { folded: readonly string[]; limit: number }, SymbolRow>(
  'specs.symbolsFolded',
  `${SYMBOLS} and s.name_folded = any(:folded) order by f.path, s.n limit :limit`,
)

/** That begin like one of these, folded. */
export const selectSymbolsLike = statement<
  Key & { from: readonly string[]; to: readonly string[]; limit: number },
  SymbolRow
>(
  'specs.symbolsLike',
  `select path, name, line, kind, exported_as from unnest(:from::text[], :to::text[]) as w (lowest, highest)
   cross join lateral (
     ${SYMBOLS} and s.name_folded >= w.lowest and s.name_folded <= w.highest order by s.name_folded limit :limit) found`,
)

const IMPORTS = `select e.src as path, e.specifier, e.dst as target, e.line, e.kind, e.type_only, e.names from code_edges e
   where e.org_id = :org and e.repository_id = :repository and e.dst is not null and e.specifier is not null`

export const selectImportersOf = statement<Key & { paths: readonly string[] }, IndexedImport>(
  'specs.importersOf',
  `${IMPORTS} and e.dst = any(:paths) order by e.src, e.n`,
)

export const selectImportsOf = statement<Key & { paths: readonly string[] }, IndexedImport>(
  'specs.importsOf',
  `${IMPORTS} and e.src = any(:paths) order by e.src, e.n`,
)

export const selectLocalImports = statement<Key & { limit: number }, LocalImport>(
  'specs.localImports',
  `select e.src as path, e.specifier, e.dst as target from code_edges e
   where e.org_id = :org and e.repository_id = :repository and e.dst is not null and e.specifier is not null
   limit :limit`,
)

/** Of these modules, those that repositories of a project provide. */
export const selectProvided = statement<
  { org: OrgId; repositories: readonly string[]; modules: readonly string[] },
  { module: string }
>(
  'specs.provided',
  `select distinct module from code_modules
   where org_id = :org and repository_id = any(:repositories) and module = any(:modules)`,
)
