import { revokeApiKey } from '../../contract/identity.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { revokeKey } from './identity.sql.ts'

export const revokeApiKeyVerb = implement(revokeApiKey, async ({ sql, orgId, clock }, { key }) => {
  const [revoked] = await sql.run(revokeKey, { org: orgId(), id: key, now: clock.now() })
  if (revoked === undefined) throw new TenonError('not_found')
  return revoked
})
