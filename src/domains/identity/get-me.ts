import { getMe } from '../../contract/identity.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { selectKey, selectOrganization } from './identity.sql.ts'

export const getMeVerb = implement(getMe, async ({ sql, orgRef, actor }) => {
  const { id, plan } = orgRef()
  const [[org], [apiKey]] = await Promise.all([
    sql.run(selectOrganization, { org: id }),
    sql.run(selectKey, { org: id, id: actor.kind === 'key' ? actor.id : '' }),
  ])
  if (org === undefined || apiKey === undefined) throw new TenonError('not_found')
  return { org, plan, apiKey }
})
