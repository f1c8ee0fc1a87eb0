import { resendInvitation, type Invitation } from '../../contract/members.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { isUniqueViolation } from '../../platform/db/index.ts'
import { raiseUsage } from '../limits/index.ts'
import { endOfInvitation } from './create-invitation.ts'
import { checkStillMay, holdCaller } from './hold-caller.ts'
import { newToken } from './invitation-token.ts'
import { lockInvitation, renewInvitation } from './invitations.sql.ts'
import { checkWithin } from './may-give.ts'
import type { MembersDeps } from './members-deps.ts'
import { presentInvitation } from './present-invitation.ts'
import { findInviting, sendInvitation } from './send-invitation.ts'

export function resendInvitationVerb(deps: MembersDeps): BoundVerb {
  return implement(resendInvitation, {
    prepare: (ctx) => findInviting(deps, ctx),
    run: async (ctx, { invitation: id }, inviting): Promise<Invitation> => {
      const { sql, clock } = ctx
      const { id: org, limits } = ctx.orgRef()
      const scopes = await holdCaller(ctx)
      checkStillMay(scopes)
      const [old] = await sql.run(lockInvitation, { org, id })
      if (old === undefined) throw new TenonError('not_found')
      checkWithin(scopes, old.role)
      if (old.acceptedAt !== null || old.revokedAt !== null) throw new TenonError('invitation_ended')
      const now = clock.now()
      const { token, tokenSha256 } = newToken()
      const row = { org, id, tokenSha256, now, expiresAt: endOfInvitation(now) }
      const [renewed] = await sql.run(renewInvitation, row).catch((cause: unknown) => {
        throw isUniqueViolation(cause) ? new TenonError('invitation_exists', { cause }) : cause
      })
      if (renewed === undefined) throw new Error('the invitation was not renewed')
      if (!old.open) await raiseUsage(sql, org, 'seats', limits)
      await sendInvitation(ctx, deps, { row: renewed, token, inviting })
      return presentInvitation(renewed, now)
    },
  })
}
