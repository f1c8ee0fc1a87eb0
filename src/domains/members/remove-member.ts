import { removeMember } from '../../contract/members.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { endMembership } from './end-membership.ts'
import { checkStillMay, lockMember } from './hold-caller.ts'
import { checkWithin } from './may-give.ts'
import type { People } from './people.ts'

export function removeMemberVerb(people: People): BoundVerb {
  return implement(removeMember, async (ctx, { member: id }) => {
    const locked = await lockMember(ctx, id)
    checkStillMay(locked.scopes)
    checkWithin(locked.scopes, locked.member.role)
    return endMembership(ctx, locked, people)
  })
}
