import { revokeInvitation } from '../../contract/members.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { lowerUsage } from '../limits/index.ts'
import { checkStillMay, holdCaller } from './hold-caller.ts'
import { lockInvitation, revokeInvitation as revoke } from './invitations.sql.ts'
import { checkWithin } from './may-give.ts'
import { presentInvitation } from './present-invitation.ts'

export const revokeInvitationVerb = implement(revokeInvitation, async (ctx, { invitation: id }) => {
  const { sql, clock } = ctx
  const org = ctx.orgId()
  const now = clock.now()
  const scopes = await holdCaller(ctx)
  checkStillMay(scopes)
  const [old] = await sql.run(lockInvitation, { org, id })
  if (old === undefined) throw new TenonError('not_found')
  checkWithin(scopes, old.role)
  if (old.acceptedAt !== null) throw new TenonError('invitation_ended')
  if (old.revokedAt !== null) return presentInvitation(old, now)
  const [revoked] = await sql.run(revoke, { org, id, now })
  if (revoked === undefined) throw new Error('the invitation was not revoked')
  if (old.open) await lowerUsage(sql, org, 'seats', 1)
  return presentInvitation(revoked, now)
})
