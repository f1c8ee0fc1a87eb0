import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import { statement } from '../../../kernel/statement.ts'

interface Key {
  org: OrgId
  repository: RepositoryId
}

export interface BlobRow {
  readonly sha: string
  readonly shard: string
  readonly doc: number | null
  readonly sizeBytes: number
}

/** Of the blobs asked for, those that were read before and can still be read. */
export const selectKnown = statement<Key & { shas: string[] }, BlobRow>(
  'code.known',
  `select b.sha, b.shard_id as shard, b.doc, b.size_bytes from code_blobs b
   join code_shards s on s.org_id = b.org_id and s.repository_id = b.repository_id and s.id = b.shard_id and not s.damaged
   where b.org_id = :org and b.repository_id = :repository and b.sha = any(:shas)`,
)

export const selectShards = statement<Key, { id: string; blobKey: string; checksum: string; sizeBytes: number }>(
  'code.shards',
  `select id, blob_key, checksum, size_bytes from code_shards
   where org_id = :org and repository_id = :repository and not damaged order by id`,
)

/** Keys of all files that belong to the index of a repository. */
export const selectBlobKeys = statement<Key, { key: string }>(
  'code.blobKeys',
  `select blob_key as key from code_shards where org_id = :org and repository_id = :repository
   union all select snapshot_key from repositories
   where org_id = :org and id = :repository and snapshot_key is not null`,
)

export const selectFiles = statement<
  Key,
  {
    path: string
    sha: string
    commit: string | null
    dialect: string | null
    edges: string | null
    cycle: string | null
  }
>(
  'code.files',
  `select path, sha, changed_commit as commit, dialect, edges_digest as edges, cycle from code_files
   where org_id = :org and repository_id = :repository`,
)

export const insertShards = statement<Key & { rows: string }>(
  'code.insertShards',
  `insert into code_shards (org_id, repository_id, id, blob_key, size_bytes, checksum)
   select :org, :repository, id, key, size, checksum
   from jsonb_to_recordset(:rows::jsonb) as r (id text, key text, size bigint, checksum text)`,
)

/** A blob that was read again has moved to another shard. */
export const upsertBlobs = statement<Key & { rows: string }>(
  'code.upsertBlobs',
  `insert into code_blobs (org_id, repository_id, sha, shard_id, doc, size_bytes, lines, skipped)
   select :org, :repository, sha, shard, doc, size, lines, skipped
   from jsonb_to_recordset(:rows::jsonb) as r (sha text, shard text, doc int, size int, lines int, skipped text)
   on conflict (org_id, repository_id, sha) do update set shard_id = excluded.shard_id, doc = excluded.doc,
     size_bytes = excluded.size_bytes, lines = excluded.lines, skipped = excluded.skipped`,
)

export const deleteFiles = statement<Key & { paths: string[] }>(
  'code.deleteFiles',
  'delete from code_files where org_id = :org and repository_id = :repository and path = any(:paths)',
)

/** Nothing is known of a change, or it is kept, when none is given. */
export const upsertFiles = statement<Key & { rows: string }>(
  'code.upsertFiles',
  `insert into code_files
     (org_id, repository_id, path, sha, language, changed_commit, changed_at, dialect, edges_digest, cycle)
   select :org, :repository, path, sha, language, commit, at, dialect, edges, cycle
   from jsonb_to_recordset(:rows::jsonb) as r (path text, sha text, language text, commit text, at timestamptz,
     dialect text, edges text, cycle text)
   on conflict (org_id, repository_id, path) do update set sha = excluded.sha, language = excluded.language,
     dialect = excluded.dialect, edges_digest = excluded.edges_digest, cycle = excluded.cycle,
     changed_commit = coalesce(excluded.changed_commit, code_files.changed_commit),
     changed_at = coalesce(excluded.changed_at, code_files.changed_at)`,
)

/** With the blobs that only they have. */
export const deleteShardsBut = statement<Key & { kept: string[] }>(
  'code.deleteShardsBut',
  'delete from code_shards where org_id = :org and repository_id = :repository and id <> all(:kept)',
)

export const publish = statement<
  Key & {
    commit: string
    snapshotKey: string
    checksum: string
    files: number
    sizeBytes: number
    graphVersion: number | null
  }
>(
  'code.publish',
  `update repositories set status = 'ready', indexed_commit = :commit, indexed_at = clock_timestamp(),
     snapshot_key = :snapshotKey, snapshot_checksum = :checksum, files = :files, size_bytes = :sizeBytes,
     graph_version = :graphVersion,
     rebuild = false, rebuild_tries = 0, rebuild_after = null
   where org_id = :org and id = :repository`,
)
