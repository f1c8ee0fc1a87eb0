import type { OrgId, UserId } from '../../contract/ids.ts'
import type { Role } from '../../contract/roles.ts'
import { statement } from '../../kernel/statement.ts'
import { OPEN_ORG, type OpenOrgRow } from '../identity/index.ts'

export interface MemberRow {
  id: UserId
  role: Role
  joinedAt: string
  invitedBy: string | null
}

const MEMBER = 'user_id as id, role, created_at as joined_at, invited_by'

/** Which organisations a person belongs to, oldest membership first; by the role of accounts. */
export const selectMemberships = statement<{ user: UserId }, { orgId: OrgId; role: Role }>(
  'members.ofUser',
  'select org_id, role from members where user_id = :user order by created_at, org_id limit 1000',
)

/**
 * The organisations that a person may enter, or the one of them that is named; by the role of authentication. Two are
 * enough to know that it is not the only one.
 */
export const selectEntrances = statement<{ user: UserId; named: string | null }, OpenOrgRow & { role: Role }>(
  'members.entrances',
  `select role, ${OPEN_ORG.columns} from members join (${OPEN_ORG.from}) using (org_id)
   where user_id = :user and (:named::text is null or ${OPEN_ORG.isNamed}) and ${OPEN_ORG.where} limit 2`,
)

/** Those of these people who belong to no organisation; by the role of accounts. */
export const selectUsersWithout = statement<{ users: readonly UserId[] }, { id: UserId }>(
  'members.usersWithout',
  `select u.id from unnest(:users::text[]) as u (id)
   where not exists (select from members m where m.user_id = u.id) order by u.id`,
)

export const selectMembers = statement<
  { org: OrgId; after: string | null; afterId: string | null; limit: number },
  MemberRow
>(
  'members.list',
  `select ${MEMBER} from members where org_id = :org
     and (:after::timestamptz is null or (created_at, user_id) > (:after::timestamptz, :afterId::text))
   order by created_at, user_id limit :limit`,
)

export const selectMember = statement<{ org: OrgId; user: string }, MemberRow>(
  'members.one',
  `select ${MEMBER} from members where org_id = :org and user_id = :user`,
)

/** A membership that what is done in this transaction rests on: it is neither ended nor changed before its end. */
export const holdMember = statement<{ org: OrgId; user: UserId }, { role: Role }>(
  'members.hold',
  'select role from members where org_id = :org and user_id = :user for share',
)

/** With all owners, each locked in one order: of two changes at once the second sees what the first has left. */
export const lockMembers = statement<{ org: OrgId; users: readonly string[] }, MemberRow>(
  'members.lock',
  `select ${MEMBER} from members where org_id = :org and (role = 'owner' or user_id = any (:users::text[]))
   order by user_id for update`,
)

/** Nothing when they are a member already. */
export const insertMember = statement<
  { org: OrgId; user: UserId; role: Role; at: Date; invitedBy: string | null },
  MemberRow
>(
  'members.insert',
  `insert into members (org_id, user_id, role, created_at, invited_by) values (:org, :user, :role, :at, :invitedBy)
   on conflict (org_id, user_id) do nothing returning ${MEMBER}`,
)

export const updateRole = statement<{ org: OrgId; user: UserId; role: Role }, MemberRow>(
  'members.updateRole',
  `update members set role = :role where org_id = :org and user_id = :user returning ${MEMBER}`,
)

export const deleteMember = statement<{ org: OrgId; user: UserId }, { id: UserId }>(
  'members.delete',
  'delete from members where org_id = :org and user_id = :user returning user_id as id',
)

export const selectOwners = statement<{ org: OrgId }, { id: UserId }>(
  'members.owners',
  "select user_id as id from members where org_id = :org and role = 'owner' order by user_id limit 100",
)

/** What takes a seat. */
export const countSeats = statement<{ org: OrgId }, { seats: number }>(
  'members.seats',
  `select (select count(*) from members where org_id = :org)
     + (select count(*) from invitations where org_id = :org and open) as seats`,
)

/** Of an organisation whose making is undone. */
export const deleteOwner = statement<{ org: OrgId }, { id: UserId }>(
  'members.deleteOwner',
  'delete from members where org_id = :org returning user_id as id',
)
