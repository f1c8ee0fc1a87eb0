import type { Organization } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { findOrganizations } from '../identity/index.ts'
import type { InvitationRow } from './invitations.sql.ts'
import type { MembersDeps } from './members-deps.ts'

/** What the mail says of those who invite. */
export interface Inviting {
  readonly organization: string
  readonly inviter: string
}

/** Found before the transaction. A person is told by their address, which is verified; a name could say anything. */
export async function findInviting({ db, people }: MembersDeps, { actor, orgId }: Ctx): Promise<Inviting> {
  const [organization, [person]] = await Promise.all([
    nameOf(db, orgId()),
    actor.kind === 'user' ? people.findUsers([actor.id]) : [],
  ])
  return { organization, inviter: person?.email ?? organization }
}

async function nameOf(db: MembersDeps['db'], org: OrgId): Promise<Organization['name']> {
  const [found] = await findOrganizations(db, [org])
  if (found === undefined) throw new Error('the organisation of a call is not there')
  return found.name
}

/** In the transaction of the invitation: sent when that commits, and not else. */
export async function sendInvitation(
  { sql, requestId }: Ctx,
  { queueMail }: MembersDeps,
  { row, token, inviting }: { row: InvitationRow; token: string; inviting: Inviting },
): Promise<void> {
  const content = { template: 'invitation', ...inviting, role: row.role, token } as const
  await queueMail(sql, { to: row.email, content }, { requestId })
}
