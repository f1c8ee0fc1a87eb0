import { createInvitation, INVITATION_DAYS, type Invitation } from '../../contract/members.ts'
import { nameOfActor } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { lowerUsage, raiseUsage } from '../limits/index.ts'
import { checkStillMay, holdCaller } from './hold-caller.ts'
import { newToken } from './invitation-token.ts'
import { closeExpired, insertInvitation, selectOpen } from './invitations.sql.ts'
import { checkWithin } from './may-give.ts'
import { selectMember } from './members.sql.ts'
import type { MembersDeps } from './members-deps.ts'
import { presentInvitation } from './present-invitation.ts'
import { findInviting, sendInvitation } from './send-invitation.ts'

const DAY_MS = 86_400_000

export function endOfInvitation(from: Date): Date {
  return new Date(from.getTime() + INVITATION_DAYS * DAY_MS)
}

export function createInvitationVerb(deps: MembersDeps): BoundVerb {
  return implement(createInvitation, {
    prepare: async (ctx, { email }) => {
      const [known, inviting] = await Promise.all([deps.people.userByEmail(email), findInviting(deps, ctx)])
      return { known, inviting }
    },
    run: async (ctx, { email, role }, { known, inviting }): Promise<Invitation> => {
      const { sql, clock, actor } = ctx
      const { id: org, limits } = ctx.orgRef()
      const now = clock.now()
      const scopes = await holdCaller(ctx)
      checkStillMay(scopes)
      checkWithin(scopes, role)
      const [member] = known === null ? [] : await sql.run(selectMember, { org, user: known.id })
      if (member !== undefined) throw new TenonError('member_exists', { details: { member: member.id } })
      const freed = await sql.run(closeExpired, { org, email, now })
      const { token, tokenSha256 } = newToken()
      const id = newId('invite')
      const invitedBy = nameOfActor(actor)
      const row = { org, id, email, role, tokenSha256, invitedBy, now, expiresAt: endOfInvitation(now) }
      const [made] = await sql.run(insertInvitation, row)
      if (made === undefined) {
        const [open] = await sql.run(selectOpen, { org, email })
        throw new TenonError('invitation_exists', { details: { invitation: open?.id ?? null } })
      }
      // After the rows that it counts, as everywhere: two who each hold what the other needs would wait for ever.
      await lowerUsage(sql, org, 'seats', freed.length)
      await raiseUsage(sql, org, 'seats', limits)
      await sendInvitation(ctx, deps, { row: made, token, inviting })
      // The address stays out of a trail that can not be changed.
      ctx.note({ role })
      return presentInvitation(made, now)
    },
  })
}
