import { updateMember, type Member } from '../../contract/members.ts'
import { ROLES } from '../../contract/roles.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { endInvitationsBeyond } from './end-membership.ts'
import { checkStillMay, lockMember } from './hold-caller.ts'
import { checkWithin, rolesWithin } from './may-give.ts'
import { updateRole } from './members.sql.ts'
import type { People } from './people.ts'
import { presentMembers } from './present-member.ts'

export function updateMemberVerb(people: People): BoundVerb {
  return implement(updateMember, async (ctx, { member: id, role }): Promise<Member> => {
    const { member, scopes, isLastOwner } = await lockMember(ctx, id)
    checkStillMay(scopes)
    checkWithin(scopes, member.role)
    checkWithin(scopes, role)
    if (isLastOwner && role !== 'owner') throw new TenonError('last_owner')
    const { sql } = ctx
    const [row] = await sql.run(updateRole, { org: ctx.orgId(), user: member.id, role })
    if (row === undefined) throw new Error('the role was not stored')
    // What they may not give any more was not theirs to promise.
    await endInvitationsBeyond(ctx, member.id, rolesWithin(ROLES[role]))
    ctx.note({ role, was: member.role })
    const [shown] = await presentMembers(people, [row])
    if (shown === undefined) throw new Error('the member is not there')
    return shown
  })
}
