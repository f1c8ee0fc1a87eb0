import type { Id, OrgId, UserId } from '../../contract/ids.ts'
import type { Role } from '../../contract/roles.ts'
import { statement } from '../../kernel/statement.ts'

export interface InvitationRow {
  id: Id<'invite'>
  email: string
  role: Role
  invitedBy: string
  createdAt: string
  sentAt: string
  expiresAt: string
  acceptedAt: string | null
  acceptedBy: UserId | null
  revokedAt: string | null
  open: boolean
}

const INVITATION =
  'id, email, role, invited_by, created_at, sent_at, expires_at, accepted_at, accepted_by, revoked_at, open'

interface One {
  org: OrgId
  id: string
}

/** Nothing when the address has an open invitation already. */
export const insertInvitation = statement<
  {
    org: OrgId
    id: Id<'invite'>
    email: string
    role: Role
    tokenSha256: Buffer
    invitedBy: string
    now: Date
    expiresAt: Date
  },
  InvitationRow
>(
  'invitations.insert',
  `insert into invitations (org_id, id, email, role, token_sha256, invited_by, created_at, sent_at, expires_at)
   values (:org, :id, :email, :role, :tokenSha256, :invitedBy, :now, :now, :expiresAt)
   on conflict (org_id, email) where open do nothing returning ${INVITATION}`,
)

export const selectInvitations = statement<{ org: OrgId; before: string | null; limit: number }, InvitationRow>(
  'invitations.list',
  `select ${INVITATION} from invitations where org_id = :org and (:before::text is null or id < :before)
   order by id desc limit :limit`,
)

export const selectOpen = statement<{ org: OrgId; email: string }, { id: string }>(
  'invitations.openOf',
  'select id from invitations where org_id = :org and email = :email and open',
)

export const lockInvitation = statement<One, InvitationRow>(
  'invitations.lock',
  `select ${INVITATION} from invitations where org_id = :org and id = :id for update`,
)

export const renewInvitation = statement<One & { tokenSha256: Buffer; now: Date; expiresAt: Date }, InvitationRow>(
  'invitations.renew',
  `update invitations set token_sha256 = :tokenSha256, sent_at = :now, expires_at = :expiresAt, open = true
   where org_id = :org and id = :id returning ${INVITATION}`,
)

export const revokeInvitation = statement<One & { now: Date }, InvitationRow>(
  'invitations.revoke',
  `update invitations set revoked_at = :now, open = false where org_id = :org and id = :id returning ${INVITATION}`,
)

/** Those that somebody has sent, but for the roles that they may still give. */
export const revokeSentBy = statement<{ org: OrgId; by: UserId; kept: readonly Role[]; now: Date }, { id: string }>(
  'invitations.revokeSentBy',
  `update invitations set revoked_at = :now, open = false
   where org_id = :org and invited_by = :by and open and role <> all (:kept::text[]) returning id`,
)

/** Of one address, or of all. */
export const closeExpired = statement<{ org: OrgId; email: string | null; now: Date }, { id: string }>(
  'invitations.closeExpired',
  `update invitations set open = false
   where org_id = :org and open and expires_at <= :now and (:email::text is null or email = :email) returning id`,
)

/** Decided in the statement: of two who come at once, one finds it open. */
export const acceptInvitation = statement<
  { org: OrgId; id: string; tokenSha256: Buffer; user: UserId; now: Date },
  { role: Role; invitedBy: string }
>(
  'invitations.accept',
  `update invitations set accepted_at = :now, accepted_by = :user, open = false
   where org_id = :org and id = :id and token_sha256 = :tokenSha256 and open and expires_at > :now
   returning role, invited_by`,
)

/** Whose invitation this is; over all organisations, by the role of accounts. */
export const findByToken = statement<{ tokenSha256: Buffer }, InvitationRow & { orgId: OrgId }>(
  'invitations.byToken',
  `select org_id, ${INVITATION} from invitations where token_sha256 = :tokenSha256`,
)

/** By the role that keeps house. */
export const selectOrgsWithExpired = statement<{ now: Date }, { orgId: OrgId }>(
  'invitations.orgsWithExpired',
  'select distinct org_id from invitations where open and expires_at <= :now limit 1000',
)
