import { leaveOrganization } from '../../contract/members.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { endMembership } from './end-membership.ts'
import { lockMember } from './hold-caller.ts'
import type { People } from './people.ts'

export function leaveOrganizationVerb(people: People): BoundVerb {
  return implement(leaveOrganization, async (ctx) => {
    const { actor } = ctx
    if (actor.kind !== 'user') throw new TenonError('forbidden', { details: { needs: 'session' } })
    return endMembership(ctx, await lockMember(ctx, actor.id), people)
  })
}
