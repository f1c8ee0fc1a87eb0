import type { TestDatabase } from './database.ts'

/** What the tables hold of the graph of a repository, without what says which repository it is. */
export interface GraphRows {
  readonly files: readonly object[]
  readonly edges: readonly object[]
  readonly symbols: readonly object[]
  readonly entryPoints: readonly object[]
  readonly facts: readonly object[]
  readonly modules: readonly object[]
}

const QUERIES: Readonly<Record<keyof GraphRows, string>> = {
  files:
    'select path, sha, language, dialect, edges_digest, cycle from code_files where repository_id = $1 order by path',
  edges: `select src, n, dst, reason, kind, type_only, line, specifier, names, uses, module from code_edges
    where repository_id = $1 order by src, n`,
  symbols: `select sha, dialect, n, name, name_folded, kind, exported_as, line, end_line from code_symbols
    where repository_id = $1 order by sha, dialect, n`,
  entryPoints: `select sha, dialect, n, kind, method, name, title, symbol, line from code_entry_points
    where repository_id = $1 order by sha, dialect, n`,
  facts: `select sha, dialect, version, incomplete, imports from code_facts
    where repository_id = $1 order by sha, dialect`,
  modules: 'select module, path from code_modules where repository_id = $1 order by module',
}

/** @param repository id */
export async function graphRowsOf({ query }: TestDatabase, repository: string): Promise<GraphRows> {
  const tables = await Promise.all(
    Object.entries(QUERIES).map(async ([table, text]) => [table, await query(text, [repository])] as const),
  )
  return Object.fromEntries(tables) as unknown as GraphRows
}
