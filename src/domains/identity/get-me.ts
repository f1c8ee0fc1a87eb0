import { getMe } from '../../contract/identity.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { selectKey, selectOrganization } from './identity.sql.ts'

export const getMeVerb = implement(getMe, async ({ sql, orgRef, actor, scopes }) => {
  const { id, plan } = orgRef()
  const [[org], [apiKey]] = await Promise.all([
    sql.run(selectOrganization, { org: id }),
    actor.kind === 'key' ? sql.run(selectKey, { org: id, id: actor.id }) : [],
  ])
  const token = actor.kind === 'token' ? { subject: actor.id, scopes: [...scopes], expiresAt: actor.expiresAt } : null
  if (org === undefined || (apiKey === undefined && token === null)) throw new TenonError('not_found')
  return { org, plan, apiKey: apiKey ?? null, token }
})
