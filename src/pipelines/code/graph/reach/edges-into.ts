import type { Affected } from '../../../../contract/impact.ts'
import type { OrgId, RepositoryId } from '../../../../contract/ids.ts'
import type { Sql } from '../../../../kernel/statement.ts'
import * as sql from '../walk.sql.ts'
import { classOf } from '../../snapshot/class-of.ts'
import type { FileKey, UseEdge } from './use-edge.ts'

/**
 * Imports of files, by the ids of their repositories. With a scope also those from its other repositories, by the names of
 * packages.
 */
export function edgesInto(tenant: Sql, org: OrgId, scope: readonly string[] | null) {
  return async (files: readonly FileKey[]): Promise<UseEdge[]> => {
    const edges: UseEdge[] = []
    for (const [id, group] of Map.groupBy(files, ({ repository }) => repository)) {
      const repository = id as RepositoryId
      const given = { org, repository, paths: group.map(({ path }) => path) }
      const own = await tenant.run(sql.selectUsesInto, given)
      const crossing = scope === null ? [] : await tenant.run(sql.selectPackageEdgesInto, { ...given, scope })
      for (const edge of own) edges.push(edgeOf(edge))
      for (const edge of crossing) edges.push(edgeOf(edge))
    }
    return edges
  }
}

function edgeOf(edge: sql.Edge): UseEdge {
  const { srcRepository, src, dstRepository, dst, kind, typeOnly, line, specifier, uses } = edge
  return {
    src,
    dstRepository,
    dst,
    typeOnly,
    line,
    repository: srcRepository,
    kind: kind as Affected['kind'],
    specifier: specifier ?? '',
    uses: uses === null ? {} : (JSON.parse(uses) as UseEdge['uses']),
    test: classOf(edge.src) === 'test',
  }
}
