import type { OrgId, RepositoryId } from '../../src/contract/ids.ts'
import { statement, type Sql } from '../../src/kernel/statement.ts'
import { randomOf, sample } from './random.ts'

export interface Key {
  readonly org: OrgId
  readonly repository: RepositoryId
}

export interface Files {
  /** Imported by the most files. */
  readonly top: readonly string[]
  readonly random: readonly string[]
  /** All that some file imports, and that are written in TypeScript or JavaScript. */
  readonly imported: readonly string[]
}

const TOP = 20
const RANDOM = 80
const SEED = 5

const selectImporters = statement<Key, { path: string; importers: number }>(
  'bench.importers',
  `select dst as path, count(distinct src)::int as importers from code_edges
   where org_id = :org and repository_id = :repository and dst is not null group by dst order by 2 desc, 1`,
)

const selectCode = statement<Key, { path: string }>(
  'bench.code',
  'select path from code_files where org_id = :org and repository_id = :repository and dialect is not null order by path',
)

export async function chooseFiles(tenant: Sql, key: Key): Promise<Files> {
  const importers = (await tenant.run(selectImporters, key)).map(({ path }) => path)
  const all = (await tenant.run(selectCode, key)).map(({ path }) => path)
  const top = importers.slice(0, TOP)
  const rest = all.filter((path) => !top.includes(path))
  return {
    top,
    random: sample(rest, RANDOM, randomOf(SEED)),
    imported: importers.filter((path) => /\.tsx?$/.test(path) && !path.endsWith('.d.ts')).toSorted(),
  }
}
