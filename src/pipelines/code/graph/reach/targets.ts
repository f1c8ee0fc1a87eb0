import type { OrgId, RepositoryId } from '../../../../contract/ids.ts'
import type { Sql } from '../../../../kernel/statement.ts'
import { foldedName } from '../folded-name.ts'
import { selectDefinitions } from '../walk.sql.ts'

export interface NamedSymbol {
  readonly path: string
  readonly name: string
  readonly kind: string
  readonly line: number
}

/** Definitions of one name that are looked at. */
export const MAX_DEFINITIONS = 50

/**
 * Where symbols of a name are defined, in one file or in any. A name without an owner means a top-level symbol; members
 * of that name are meant when there is none.
 */
export async function definitionsOf(
  tenant: Sql,
  { org, repository }: { org: OrgId; repository: RepositoryId },
  { name, path }: { name: string; path?: string | undefined },
): Promise<NamedSymbol[]> {
  const found = await tenant.run(selectDefinitions, {
    org,
    repository,
    name,
    folded: foldedName(name),
    path: path ?? null,
    limit: MAX_DEFINITIONS,
  })
  const exact = found.filter((one) => one.name === name)
  return exact.length > 0 ? exact : found
}
