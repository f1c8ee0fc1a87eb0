import type { OrgId, RepositoryId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

interface Key {
  org: OrgId
  repository: RepositoryId
}

export const upsertCredential = statement<Key & { username: string; sealed: Buffer }>(
  'code.upsertCredential',
  `insert into repository_credentials (org_id, repository_id, username, sealed)
   values (:org, :repository, :username, :sealed)
   on conflict (org_id, repository_id) do update set username = excluded.username, sealed = excluded.sealed,
     created_at = clock_timestamp()`,
)

export const selectCredential = statement<Key, { username: string; sealed: Buffer }>(
  'code.credential',
  'select username, sealed from repository_credentials where org_id = :org and repository_id = :repository',
)

export const deleteCredential = statement<Key>(
  'code.deleteCredential',
  'delete from repository_credentials where org_id = :org and repository_id = :repository',
)
