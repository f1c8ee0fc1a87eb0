import type { DataOf } from '../../contract/operation.ts'
import type { removeMember } from '../../contract/members.ts'
import type { UserId } from '../../contract/ids.ts'
import type { Role } from '../../contract/roles.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { lowerUsage } from '../limits/index.ts'
import type { Locked } from './hold-caller.ts'
import { revokeSentBy } from './invitations.sql.ts'
import { deleteMember } from './members.sql.ts'
import type { People } from './people.ts'
import { presentMembers } from './present-member.ts'

type Removed = DataOf<typeof removeMember>

/**
 * Ends a membership that is locked, and with it the invitations that could bring it back.
 *
 * @throws TenonError `last_owner`
 */
export async function endMembership(ctx: Ctx, { member, isLastOwner }: Locked, people: People): Promise<Removed> {
  const { sql } = ctx
  const org = ctx.orgId()
  if (isLastOwner) throw new TenonError('last_owner')
  const [gone] = await sql.run(deleteMember, { org, user: member.id })
  if (gone === undefined) throw new Error('the member was not removed')
  const revokedInvitations = await endInvitationsBeyond(ctx, member.id, [])
  await lowerUsage(sql, org, 'seats', 1)
  ctx.note({ role: member.role, revokedInvitations })
  const [shown] = await presentMembers(people, [member])
  if (shown === undefined) throw new Error('the member is not there')
  return { ...shown, revokedInvitations }
}

/** Open invitations that a member has sent, but for the roles that they may still give; answers how many there were. */
export async function endInvitationsBeyond(ctx: Ctx, by: UserId, kept: readonly Role[]): Promise<number> {
  const { sql, clock } = ctx
  const org = ctx.orgId()
  const ended = await sql.run(revokeSentBy, { org, by, kept, now: clock.now() })
  await lowerUsage(sql, org, 'seats', ended.length)
  return ended.length
}
