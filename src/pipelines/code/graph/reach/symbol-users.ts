import type { OrgId } from '../../../../contract/ids.ts'
import type { Sql } from '../../../../kernel/statement.ts'
import type { Rebuild } from '../../rebuild.ts'
import { readSnapshot } from '../../read-snapshot.ts'
import type { IndexReader } from '../../search/index-reader.ts'
import { edgesInto } from './edges-into.ts'
import { reach, type Reach, type ReachStart } from './reach.ts'
import type { NamedSymbol } from './targets.ts'

export interface SymbolUsers {
  readonly org: OrgId
  /** Id. */
  readonly repository: string
  readonly symbols: readonly NamedSymbol[]
  readonly scope: readonly string[] | null
  readonly depth: number
  readonly maxFiles: number
  readonly signal: AbortSignal
}

/** Files that use symbols by name, directly or through what uses them. @throws TenonError */
export async function usersOf(
  tenant: Sql,
  request: SymbolUsers,
  { reader, rebuild }: { reader: IndexReader; rebuild: Rebuild },
): Promise<Reach> {
  const { org, repository, symbols, scope, signal } = request
  const files = [...Map.groupBy(symbols, ({ path }) => path)].map(([path, group]) => ({
    before: path,
    after: path,
    texts: { kind: 'symbols' as const, names: group.map(({ name }) => name) },
  }))
  const compared = await readSnapshot(tenant, { org, key: repository }, { reader, rebuild }, (scoped) =>
    reader.compare(org, scoped, files, signal),
  )
  const start = compared.flatMap(({ names, typeNames }, i): ReachStart[] => {
    const path = files[i]?.after ?? ''
    return [
      { repository, path, names },
      { repository, path, names: typeNames, typeOnly: true },
    ]
  })
  return reach({ ...request, start, edgesInto: edgesInto(tenant, org, scope) })
}
