import { acceptInvitation } from '../../contract/members.ts'
import type { Organization } from '../../contract/identity.ts'
import type { OrgId, UserId } from '../../contract/ids.ts'
import type { DataOf } from '../../contract/operation.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { appendAudit } from '../audit/index.ts'
import { findOrganizations } from '../identity/index.ts'
import { lowerUsage } from '../limits/index.ts'
import { digestOfToken } from './invitation-token.ts'
import { acceptInvitation as accept, findByToken, type InvitationRow } from './invitations.sql.ts'
import { insertMember, selectMember } from './members.sql.ts'
import type { MembersDeps } from './members-deps.ts'
import { presentInvitation } from './present-invitation.ts'

type Accepted = DataOf<typeof acceptInvitation>
type Reason = 'used' | 'revoked' | 'expired' | 'closed'

/**
 * The token alone opens nothing: it has to be shown by the account whose verified address it was sent to. Whoever else
 * holds it learns no more than from a token that nobody has.
 */
export function acceptInvitationVerb({ db, people }: MembersDeps): BoundVerb {
  return implement(acceptInvitation, async (ctx, { token }): Promise<Accepted> => {
    const { actor, clock } = ctx
    if (actor.kind !== 'user') throw new Error('only a person accepts an invitation')
    const tokenSha256 = digestOfToken(token)
    const [invitation] = tokenSha256 === null ? [] : await db.accounts.run(findByToken, { tokenSha256 })
    const addressee = invitation === undefined ? null : await people.userByEmail(invitation.email)
    if (tokenSha256 === null || invitation === undefined || addressee?.id !== actor.id)
      throw new TenonError('invitation_invalid')
    const [org] = await findOrganizations(db, [invitation.orgId])
    if (org === undefined) throw invalid('closed')
    const { status } = presentInvitation(invitation, clock.now())
    if (status !== 'open') throw invalid(status === 'accepted' ? 'used' : status)
    return join(ctx, db, { invitation, tokenSha256, user: actor.id, org })
  })
}

interface Joining {
  readonly invitation: InvitationRow & { orgId: OrgId }
  readonly tokenSha256: Buffer
  readonly user: UserId
  readonly org: Organization
}

/** Membership, end of the invitation and audit entry in one transaction; the seat goes from the one to the other. */
function join(ctx: Ctx, db: MembersDeps['db'], { invitation, tokenSha256, user, org }: Joining): Promise<Accepted> {
  const { clock, address, requestId } = ctx
  return db.tenant(org.id).write(async (sql) => {
    const now = clock.now()
    const [accepted] = await sql.run(accept, { org: org.id, id: invitation.id, tokenSha256, user, now })
    // Somebody was faster: another call with this token, or who has revoked it.
    if (accepted === undefined) throw invalid('used')
    const { role, invitedBy } = accepted
    const [joined] = await sql.run(insertMember, { org: org.id, user, role, at: now, invitedBy })
    const [member] = joined === undefined ? await sql.run(selectMember, { org: org.id, user }) : [joined]
    if (member === undefined) throw new Error('the member is not there')
    // Who was a member already has a seat, and stays what they are.
    if (joined === undefined) await lowerUsage(sql, org.id, 'seats', 1)
    await appendAudit(sql, org.id, {
      at: now.toISOString(),
      action: acceptInvitation.name,
      outcome: 'done',
      code: null,
      actor: user,
      address,
      requestId,
      resources: { invitation: invitation.id, member: user },
      details: { role: member.role },
    }).catch((cause: unknown) => Promise.reject(new TenonError('audit_unavailable', { cause })))
    return { org: { id: org.id, slug: org.slug, name: org.name }, role: member.role }
  })
}

function invalid(reason: Reason): TenonError {
  return new TenonError('invitation_invalid', { details: { reason } })
}
