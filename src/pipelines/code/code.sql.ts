import type { OrgId, RepositoryId, RunId } from '../../contract/ids.ts'
import type { Repository } from '../../contract/code.ts'
import { statement } from '../../kernel/statement.ts'

const COLUMNS = `id, name, source, ref, status, indexed_commit, indexed_at, files, size_bytes, latest_run, created_at`

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

/** Of the blobs asked for, those that were read before. */
export const selectKnown = statement<Key & { shas: string[] }, { sha: string }>(
  'code.known',
  'select sha from code_blobs where org_id = :org and repository_id = :repository and sha = any(:shas)',
)

export const insertShards = statement<Key & { rows: string }>(
  'code.insertShards',
  `insert into code_shards (org_id, repository_id, id, blob_key, size_bytes)
   select :org, :repository, id, key, size from jsonb_to_recordset(:rows::jsonb) as r (id text, key text, size bigint)`,
)

export const insertBlobs = statement<Key & { rows: string }>(
  'code.insertBlobs',
  `insert into code_blobs (org_id, repository_id, sha, shard_id, size_bytes, lines, skipped)
   select :org, :repository, sha, shard, size, lines, skipped
   from jsonb_to_recordset(:rows::jsonb) as r (sha text, shard text, size int, lines int, skipped text)`,
)

export const deleteFiles = statement<Key>(
  'code.deleteFiles',
  'delete from code_files where org_id = :org and repository_id = :repository',
)

/** The files of a commit whose blobs can be searched. */
export const insertFiles = statement<Key & { rows: string }>(
  'code.insertFiles',
  `insert into code_files (org_id, repository_id, path, sha, language)
   select :org, :repository, r.path, r.sha, r.language
   from jsonb_to_recordset(:rows::jsonb) as r (path text, sha text, language text)
   join code_blobs b on b.org_id = :org and b.repository_id = :repository and b.sha = r.sha and b.skipped is null`,
)

/** Shards that no file of the indexed commit needs any more go, with their blobs. */
export const deleteUnusedShards = statement<Key, { blobKey: string }>(
  'code.deleteUnusedShards',
  `delete from code_shards s where s.org_id = :org and s.repository_id = :repository
     and not exists (select 1 from code_blobs b join code_files f
       on f.org_id = b.org_id and f.repository_id = b.repository_id and f.sha = b.sha
       where b.org_id = s.org_id and b.repository_id = s.repository_id and b.shard_id = s.id)
   returning s.blob_key`,
)

export const publish = statement<Key & { commit: string }, { files: number; sizeBytes: number }>(
  'code.publish',
  `update repositories r set status = 'ready', indexed_commit = :commit, indexed_at = clock_timestamp(),
     files = t.files, size_bytes = t.size
   from (select count(*)::int as files, coalesce(sum(b.size_bytes), 0)::bigint as size
     from code_files f join code_blobs b on b.org_id = f.org_id and b.repository_id = f.repository_id and b.sha = f.sha
     where f.org_id = :org and f.repository_id = :repository) t
   where r.org_id = :org and r.id = :repository returning r.files, r.size_bytes`,
)

/** Every shard that a search has to read: of one repository, or of all. */
export const selectShards = statement<
  { org: OrgId; repository: string | null },
  { repositoryId: RepositoryId; blobKey: string }
>(
  'code.shards',
  `select s.repository_id, s.blob_key from code_shards s
   where s.org_id = :org and (:repository::text is null or s.repository_id = :repository)
   order by s.repository_id, s.id`,
)

/** Where the blobs stand in the indexed commits, in the order of the answer. */
export const selectPaths = statement<
  { org: OrgId; repositories: string[]; shas: string[] },
  { repositoryId: RepositoryId; repository: string; path: string; sha: string }
>(
  'code.paths',
  `select f.repository_id, r.name as repository, f.path, f.sha
   from unnest(:repositories::text[], :shas::text[]) as m (repository_id, sha)
   join code_files f on f.org_id = :org and f.repository_id = m.repository_id and f.sha = m.sha
   join repositories r on r.org_id = f.org_id and r.id = f.repository_id
   order by r.name, f.path`,
)
