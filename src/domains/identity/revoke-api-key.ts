import { revokeApiKey } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { revokeKey } from './identity.sql.ts'

export function revokeApiKeyVerb(forget: (org: OrgId) => void): BoundVerb {
  return implement(revokeApiKey, {
    run: async ({ sql, orgId, clock }, { key }) => {
      const [revoked] = await sql.run(revokeKey, { org: orgId(), id: key, now: clock.now() })
      if (revoked === undefined) throw new TenonError('not_found')
      return revoked
    },
    after: ({ orgId }) => forget(orgId()),
  })
}
