import { getMe } from '../../contract/identity.ts'
import { implement } from '../../kernel/verb.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { selectKey, selectOrganization } from './identity.sql.ts'

export const getMeVerb = implement(getMe, async ({ sql, orgId, actor }) => {
  const [[org], [apiKey]] = await Promise.all([
    sql.run(selectOrganization, { org: orgId() }),
    sql.run(selectKey, { org: orgId(), id: actor.kind === 'key' ? actor.id : '' }),
  ])
  if (org === undefined || apiKey === undefined) throw new TenonError('not_found')
  return { org, apiKey }
})
