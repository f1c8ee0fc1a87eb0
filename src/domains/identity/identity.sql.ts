import type { ApiKeyId, OrgId } from '../../contract/ids.ts'
import type { ApiKey, Organization } from '../../contract/identity.ts'
import type { Scope } from '../../contract/scopes.ts'
import { statement } from '../../kernel/statement.ts'

const KEY = 'id, name, hint, scopes, created_at, revoked_at'

export interface NewKeyRow {
  org: OrgId
  id: ApiKeyId
  name: string
  hint: string
  sha256: Buffer
  scopes: readonly Scope[]
  createdBy: string
  createdAt: Date
}

export const selectOrganization = statement<{ org: OrgId }, Organization>(
  'identity.organization',
  'select org_id as id, slug, name, created_at from organizations where org_id = :org',
)

export const insertOrganization = statement<{ org: OrgId; slug: string; name: string; createdAt: Date }, Organization>(
  'identity.insertOrganization',
  `insert into organizations (org_id, slug, name, created_at) values (:org, :slug, :name, :createdAt)
   returning org_id as id, slug, name, created_at`,
)

export const insertKey = statement<NewKeyRow, ApiKey>(
  'identity.insertKey',
  `insert into api_keys (org_id, id, name, hint, secret_sha256, scopes, created_by, created_at)
   values (:org, :id, :name, :hint, :sha256, :scopes, :createdBy, :createdAt) returning ${KEY}`,
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

export const revokeKey = statement<{ org: OrgId; id: string; now: Date }, ApiKey>(
  'identity.revokeKey',
  `update api_keys set revoked_at = coalesce(revoked_at, :now) where org_id = :org and id = :id returning ${KEY}`,
)

/** Whose key this is; over all organisations, by the role of authentication. */
export const findKeyByDigest = statement<
  { sha256: Buffer },
  { id: ApiKeyId; orgId: OrgId; slug: string; scopes: Scope[]; secretSha256: Buffer; revokedAt: string | null }
>(
  'identity.keyByDigest',
  `select k.id, k.org_id, o.slug, k.scopes, k.secret_sha256, k.revoked_at
   from api_keys k join organizations o on o.org_id = k.org_id where k.secret_sha256 = :sha256`,
)
