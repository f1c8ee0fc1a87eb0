import type { OrgId, ProjectId, RepositoryId } from '../../../contract/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { holdRepository, lockProject } from './projects.sql.ts'

interface Named<Id> {
  readonly id: Id
  readonly name: string
}

/**
 * Finds a project and a repository by id or name; neither is deleted before the transaction ends.
 *
 * @throws TenonError `not_found`, whichever of the two is missing
 */
export async function holdBoth(
  sql: Sql,
  org: OrgId,
  keys: { readonly project: string; readonly repository: string },
): Promise<{ project: Named<ProjectId>; repository: Named<RepositoryId> }> {
  const [project] = await sql.run(lockProject, { org, key: keys.project })
  if (project === undefined) throw new TenonError('not_found')
  const [repository] = await sql.run(holdRepository, { org, key: keys.repository })
  if (repository === undefined) throw new TenonError('not_found')
  return { project: { id: project.id, name: project.name }, repository }
}
