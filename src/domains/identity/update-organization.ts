import { updateOrganization } from '../../contract/identity.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { renameOrganization } from './identity.sql.ts'

export const updateOrganizationVerb = implement(updateOrganization, async ({ sql, orgId, note }, { name }) => {
  const [renamed] = await sql.run(renameOrganization, { org: orgId(), name })
  if (renamed === undefined) throw new TenonError('not_found')
  note({ name })
  return renamed
})
