import type { UserId } from '../../contract/ids.ts'
import type { Clock } from '../../kernel/ctx.ts'
import type { BoundVerb } from '../../kernel/verb.ts'
import type { OnboardingStep } from '../identity/index.ts'
import type { Counted } from '../limits/index.ts'
import { acceptInvitationVerb } from './accept-invitation.ts'
import { closeExpiredInvitations } from './close-expired.ts'
import { createInvitationVerb } from './create-invitation.ts'
import { leaveOrganizationVerb } from './leave-organization.ts'
import { listInvitationsVerb } from './list-invitations.ts'
import { listMembersVerb } from './list-members.ts'
import type { MembersDeps } from './members-deps.ts'
import { countSeats } from './members.sql.ts'
import { membershipsOf, type Membership } from './memberships-of.ts'
import { ownerStep } from './owner-step.ts'
import { removeMemberVerb } from './remove-member.ts'
import { resendInvitationVerb } from './resend-invitation.ts'
import { revokeInvitationVerb } from './revoke-invitation.ts'
import { updateMemberVerb } from './update-member.ts'
import { usersWithoutOrg } from './users-without-org.ts'

export type { MembersDeps } from './members-deps.ts'
export type { People, Person } from './people.ts'
export { enterOrg } from './enter-org.ts'
export { memberHold } from './member-hold.ts'
export { ownersOf } from './owners-of.ts'

export interface Members {
  readonly verbs: readonly BoundVerb[]
  membershipsOf(user: UserId): Promise<Membership[]>
  /** Of the saga that makes an organisation. */
  ownerStep(): OnboardingStep
  /** People whose account has been there for so long, and who belong to no organisation. */
  usersWithoutOrg(olderThanMinutes: number): AsyncGenerator<UserId>
  /** What every worker does now and then. */
  readonly tasks: readonly (() => Promise<void>)[]
}

export function createMembers(deps: MembersDeps & { readonly clock: Clock }): Members {
  const { db, people, clock } = deps
  return {
    verbs: [
      listMembersVerb(people),
      updateMemberVerb(people),
      removeMemberVerb(people),
      leaveOrganizationVerb(people),
      createInvitationVerb(deps),
      listInvitationsVerb,
      resendInvitationVerb(deps),
      revokeInvitationVerb,
      acceptInvitationVerb(deps),
    ],
    membershipsOf: (user) => membershipsOf(db, user),
    ownerStep: () => ownerStep(db),
    usersWithoutOrg: (olderThanMinutes) => usersWithoutOrg(deps, olderThanMinutes),
    tasks: [() => closeExpiredInvitations(db, clock)],
  }
}

/** Members, and invitations that are open. */
export const countedSeats: Counted = {
  quota: 'seats',
  count: async (sql, org) => {
    const [row] = await sql.run(countSeats, { org })
    return row?.seats ?? 0
  },
}
