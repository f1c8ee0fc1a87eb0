import type { OrgId, RepositoryId, RunId } from '../../contract/ids.ts'
import type { Repository } from '../../contract/code.ts'
import { statement } from '../../kernel/statement.ts'

const COLUMNS = `id, name, source, ref, status, indexed_commit, indexed_at, files, size_bytes, latest_run, created_at,
  exists (select from repository_credentials c
    where c.org_id = repositories.org_id and c.repository_id = repositories.id) as has_token`

interface Key {
  org: OrgId
  repository: RepositoryId
}

/** By id or name. */
export const selectRepository = statement<{ org: OrgId; key: string }, Repository>(
  'code.repository',
  `select ${COLUMNS} from repositories where org_id = :org and (id = :key or name = :key)`,
)

/** Held to the end of the transaction, so that of two callers one starts a run and the other finds it. */
export const lockRepository = statement<{ org: OrgId; key: string }, Repository>(
  'code.lockRepository',
  `select ${COLUMNS} from repositories where org_id = :org and (id = :key or name = :key) for update`,
)

export const selectRepositories = statement<{ org: OrgId; after: string | null; limit: number }, Repository>(
  'code.repositories',
  `select ${COLUMNS} from repositories where org_id = :org and (:after::text is null or name > :after) order by name limit :limit`,
)

/** No row when the name is taken; waits for whoever is about to take it. */
export const insertRepository = statement<
  { org: OrgId; id: RepositoryId; name: string; source: string; ref: string | null; createdAt: Date },
  Repository
>(
  'code.insertRepository',
  `insert into repositories (org_id, id, name, source, ref, status, created_at)
   values (:org, :id, :name, :source, :ref, 'pending', :createdAt) on conflict (org_id, name) do nothing returning ${COLUMNS}`,
)

export const countRepositories = statement<{ org: OrgId }, { count: number }>(
  'code.countRepositories',
  'select count(*) from repositories where org_id = :org',
)

export const setRun = statement<Key & { run: RunId; ref: string | null }, Repository>(
  'code.setRun',
  `update repositories set latest_run = :run, ref = :ref, status = case when indexed_commit is null then 'indexing' else 'ready' end
   where org_id = :org and id = :repository returning ${COLUMNS}`,
)

export const setFailed = statement<Key>(
  'code.setFailed',
  `update repositories set status = case when indexed_commit is null then 'failed' else 'ready' end
   where org_id = :org and id = :repository`,
)

export const deleteRepository = statement<Key>(
  'code.deleteRepository',
  'delete from repositories where org_id = :org and id = :repository',
)

/** A repository with what leads to its index; only one with a commit that is indexed completely. */
export const selectReadable = statement<
  { org: OrgId; key: string },
  { id: RepositoryId; name: string; commit: string; snapshotKey: string; snapshotChecksum: string }
>(
  'code.readable',
  `select id, name, indexed_commit as commit, snapshot_key, snapshot_checksum from repositories
   where org_id = :org and (id = :key or name = :key) and snapshot_key is not null`,
)

/** All of them, or those of a list of ids, in the order of an answer; without a snapshot what has lost its index. */
export const selectAllReadable = statement<
  { org: OrgId; repositories: string[] | null },
  { id: RepositoryId; name: string; snapshotKey: string | null; snapshotChecksum: string }
>(
  'code.allReadable',
  `select id, name, snapshot_key, coalesce(snapshot_checksum, '') as snapshot_checksum from repositories
   where org_id = :org and (snapshot_key is not null or rebuild)
     and (:repositories::text[] is null or id = any(:repositories)) order by name collate "C"`,
)

export const selectRecentFiles = statement<
  Key & { language: string | null; upTo: string | null; skip: number; limit: number },
  { path: string; language: string | null; sizeBytes: number; lines: number; commit: string; changedAt: string }
>(
  'code.recentFiles',
  `select f.path, f.language, b.size_bytes, b.lines, f.changed_commit as commit, f.changed_at
   from code_files f
   join code_blobs b on b.org_id = f.org_id and b.repository_id = f.repository_id and b.sha = f.sha
   where f.org_id = :org and f.repository_id = :repository and f.changed_at is not null
     and (:language::text is null or f.language = :language)
     and (:upTo::timestamptz is null or f.changed_at <= :upTo)
   order by f.changed_at desc, f.path offset :skip limit :limit`,
)

/** What is known of a file of the indexed commit. */
export const selectFile = statement<
  Key & { path: string },
  { path: string; language: string | null; sizeBytes: number; lines: number }
>(
  'code.file',
  `select f.path, f.language, b.size_bytes, b.lines from code_files f
   join code_blobs b on b.org_id = f.org_id and b.repository_id = f.repository_id and b.sha = f.sha
   where f.org_id = :org and f.repository_id = :repository and f.path = :path`,
)

/** The repository and, if it was a shard, what was found to be damaged. */
export const markDamaged = statement<Key & { blobKey: string }>(
  'code.markDamaged',
  `with shard as (
     update code_shards set damaged = true where org_id = :org and repository_id = :repository and blob_key = :blobKey)
   update repositories set rebuild = true where org_id = :org and id = :repository`,
)

/** A repository that is due to be built again; the next time is five minutes later, then ten, at most a day. */
export const takeRebuild = statement<Key, Repository>(
  'code.takeRebuild',
  `update repositories set rebuild_tries = rebuild_tries + 1,
     rebuild_after = now() + least(interval '5 minutes' * power(2, least(rebuild_tries, 20)), interval '1 day')
   where org_id = :org and id = :repository and rebuild and (rebuild_after is null or rebuild_after <= now())
   returning ${COLUMNS}`,
)

/** Of all organisations; for the keeper. */
export const selectDueRebuilds = statement<{ limit: number }, { orgId: OrgId; id: RepositoryId }>(
  'code.dueRebuilds',
  `select org_id, id from repositories where rebuild and (rebuild_after is null or rebuild_after <= now())
   order by org_id, id limit :limit`,
)
