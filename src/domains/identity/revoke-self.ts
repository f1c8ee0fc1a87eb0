import { revokeSelf } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { revokeKey } from './identity.sql.ts'

export function revokeSelfVerb(forget: (org: OrgId) => void): BoundVerb {
  return implement(revokeSelf, {
    run: async ({ sql, orgId, actor, clock }) => {
      const id = actor.kind === 'key' ? actor.id : ''
      const [revoked] = await sql.run(revokeKey, { org: orgId(), id, now: clock.now() })
      if (revoked === undefined) throw new Error('the key of a call is not there')
      return revoked
    },
    after: ({ orgId }) => forget(orgId()),
  })
}
