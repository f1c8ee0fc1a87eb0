import { revokeSelf } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { revokeKey } from './identity.sql.ts'

export function revokeSelfVerb(forget: (org: OrgId) => void): BoundVerb {
  return implement(revokeSelf, {
    run: async ({ sql, orgId, actor, clock }) => {
      // A token ends by itself; only its issuer could take it back.
      if (actor.kind !== 'key') throw new TenonError('forbidden', { details: { needs: 'api_key' } })
      const [revoked] = await sql.run(revokeKey, { org: orgId(), id: actor.id, now: clock.now() })
      if (revoked === undefined) throw new Error('the key of a call is not there')
      return revoked
    },
    after: ({ orgId }) => forget(orgId()),
  })
}
