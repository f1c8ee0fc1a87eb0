import type { ApiKeyId, OrgId } from '../../contract/ids.ts'
import type { ApiKey, Organization } from '../../contract/identity.ts'
import type { Scope } from '../../contract/scopes.ts'
import { statement } from '../../kernel/statement.ts'
import { LIMITS_OF_ORG, type OrgLimitsRow } from '../limits/index.ts'

const KEY =
  'id, name, hint, scopes, calls_per_hour, lineage, created_at, expires_at, last_used_at, rotated_at, revoked_at'

export interface NewKeyRow {
  org: OrgId
  id: ApiKeyId
  name: string
  hint: string
  sha256: Buffer
  scopes: readonly Scope[]
  callsPerHour: number | null
  lineage: ApiKeyId
  expiresAt: Date | null
  createdBy: string
  createdAt: Date
}

export const selectOrganization = statement<{ org: OrgId }, Organization>(
  'identity.organization',
  'select org_id as id, slug, name, created_at from organizations where org_id = :org',
)

/** An organisation as a call knows it. */
export type OpenOrgRow = { id: OrgId; slug: string } & OrgLimitsRow

/** Organisations that are not closed: for this statement, and for that of a domain that asks whose they are. */
export const OPEN_ORG = {
  columns: `org_id as id, slug, ${LIMITS_OF_ORG.columns}`,
  from: `organizations ${LIMITS_OF_ORG.join}`,
  where: 'closed_at is null',
  isNamed: '(org_id = :named or slug = :named)',
} as const

/** By id or slug, unless it is closed; by the role of authentication. */
export const findOrganization = statement<{ named: string }, OpenOrgRow>(
  'identity.findOrganization',
  `select ${OPEN_ORG.columns} from ${OPEN_ORG.from} where ${OPEN_ORG.isNamed} and ${OPEN_ORG.where}`,
)

/** Those of these that are there; by the role of authentication. */
export const findOrganizations = statement<{ orgs: readonly OrgId[] }, Organization>(
  'identity.findOrganizations',
  `select org_id as id, slug, name, created_at from organizations
   where org_id = any (:orgs::text[]) and closed_at is null`,
)

/** Nothing when the same organisation is there already. @throws on a slug that another has. */
export const insertOrganization = statement<{ org: OrgId; slug: string; name: string; createdAt: Date }, { id: OrgId }>(
  'identity.insertOrganization',
  `insert into organizations (org_id, slug, name, created_at) values (:org, :slug, :name, :createdAt)
   on conflict (org_id) do nothing returning org_id as id`,
)

export const renameOrganization = statement<{ org: OrgId; name: string }, Organization>(
  'identity.renameOrganization',
  `update organizations set name = :name where org_id = :org and closed_at is null
   returning org_id as id, slug, name, created_at`,
)

export const deleteOrganization = statement<{ org: OrgId }>(
  'identity.deleteOrganization',
  'delete from organizations where org_id = :org',
)

export const insertKey = statement<NewKeyRow, ApiKey>(
  'identity.insertKey',
  `insert into api_keys (org_id, id, name, hint, secret_sha256, scopes, calls_per_hour, lineage, expires_at, created_by, created_at)
   values (:org, :id, :name, :hint, :sha256, :scopes, :callsPerHour, :lineage, :expiresAt, :createdBy, :createdAt)
   returning ${KEY}`,
)

export const selectKeys = statement<{ org: OrgId; before: string | null; limit: number }, ApiKey>(
  'identity.keys',
  `select ${KEY} from api_keys where org_id = :org and (:before::text is null or id < :before)
   order by id desc limit :limit`,
)

export const selectKey = statement<{ org: OrgId; id: string }, ApiKey>(
  'identity.key',
  `select ${KEY} from api_keys where org_id = :org and id = :id`,
)

/** Held to the end of the transaction, so that of two rotations one finds the key rotated. */
export const lockKey = statement<{ org: OrgId; id: string }, ApiKey>(
  'identity.lockKey',
  `select ${KEY} from api_keys where org_id = :org and id = :id for update`,
)

/**
 * The key of a call, if it still stands: what was cached may be older than its revocation. Held against one to the end of
 * the transaction.
 */
export const holdKey = statement<{ org: OrgId; id: string; now: Date }, ApiKey>(
  'identity.holdKey',
  `select ${KEY} from api_keys where org_id = :org and id = :id and revoked_at is null
     and (expires_at is null or expires_at > :now) for share`,
)

export const revokeKey = statement<{ org: OrgId; id: string; now: Date }, ApiKey>(
  'identity.revokeKey',
  `update api_keys set revoked_at = coalesce(revoked_at, :now) where org_id = :org and id = :id returning ${KEY}`,
)

export const retireKey = statement<{ org: OrgId; id: string; now: Date; expiresAt: Date }>(
  'identity.retireKey',
  `update api_keys set rotated_at = :now, expires_at = least(expires_at, :expiresAt) where org_id = :org and id = :id`,
)

export interface FoundKey {
  id: ApiKeyId
  orgId: OrgId
  slug: string
  scopes: Scope[]
  callsPerHour: number | null
  lineage: ApiKeyId
  secretSha256: Buffer
  expiresAt: string | null
  revokedAt: string | null
  lastUsedAt: string | null
}

/** Whose key this is; over all organisations, by the role of authentication. */
export const findKeyByDigest = statement<{ sha256: Buffer }, FoundKey>(
  'identity.keyByDigest',
  `select k.id, k.org_id, o.slug, k.scopes, k.calls_per_hour, k.lineage, k.secret_sha256, k.expires_at, k.revoked_at, k.last_used_at
   from api_keys k join organizations o on o.org_id = k.org_id
   where k.secret_sha256 = :sha256 and o.closed_at is null`,
)

/** Of several nodes that write at once, one does; nobody waits for another. */
export const touchKeys = statement<{ orgs: OrgId[]; ids: ApiKeyId[]; at: Date[] }>(
  'identity.touchKeys',
  `with used as (select * from unnest(:orgs::text[], :ids::text[], :at::timestamptz[]) as u (org_id, id, at)),
   stale as (
     select k.org_id, k.id, u.at from api_keys k join used u on u.org_id = k.org_id and u.id = k.id
     where k.last_used_at is null or k.last_used_at <= u.at - interval '1 minute' for update of k skip locked)
   update api_keys k set last_used_at = s.at from stale s where k.org_id = s.org_id and k.id = s.id`,
)

export const selectEpoch = statement<object, { epoch: number }>('identity.epoch', 'select epoch from auth_epoch')

/** Every organisation that is not closed, in pages; by the role that keeps house. */
export const selectOrgIds = statement<{ after: string }, { orgId: OrgId }>(
  'identity.orgIds',
  'select org_id from organizations where org_id > :after and closed_at is null order by org_id limit 500',
)
