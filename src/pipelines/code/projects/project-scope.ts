import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { selectProjectRepositories } from './projects.sql.ts'

/**
 * What a search of a project looks at: the repositories that are in it, in the order of their ids; none when it is empty.
 *
 * @param key id or name of the project
 * @throws TenonError `not_found`
 */
export async function projectScope(sql: Sql, org: OrgId, key: string): Promise<RepositoryId[]> {
  const [found] = await sql.run(selectProjectRepositories, { org, key })
  if (found === undefined) throw new TenonError('not_found')
  return found.repositories
}
