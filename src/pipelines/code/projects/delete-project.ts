import { deleteProject } from '../../../contract/projects.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement } from '../../../kernel/verb.ts'
import { deleteProject as deleteRow } from './projects.sql.ts'

export const deleteProjectVerb = implement(deleteProject, async ({ sql, orgId }, { project: key }) => {
  const [deleted] = await sql.run(deleteRow, { org: orgId(), key })
  if (deleted === undefined) throw new TenonError('not_found')
  return { ...deleted, deleted: true as const }
})
