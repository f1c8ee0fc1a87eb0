-- A commit is searched through its snapshot; the checksums tell whether what a key leads to is what was written.
alter table repositories
  add column snapshot_key text,
  add column snapshot_checksum text,
  -- It has to be indexed again, whatever its source says: a part of its index was lost, or is of another format.
  add column rebuild boolean not null default false,
  add column rebuild_tries int not null default 0,
  add column rebuild_after timestamptz;
alter table code_shards
  add column checksum text not null default '',
  add column damaged boolean not null default false;
-- Place of the text in its shard; null when it can't be searched.
alter table code_blobs add column doc int;
-- The last commit that is known to have changed the file.
alter table code_files
  add column changed_commit text,
  add column changed_at timestamptz;

create index code_blobs_by_shard on code_blobs (org_id, repository_id, shard_id);
create index code_files_recent on code_files (org_id, repository_id, changed_at desc, path)
  where changed_at is not null;

-- What is due is found over all organisations, by its key alone.
create index repositories_rebuild on repositories (org_id, id) where rebuild;
create policy repositories_keeper on repositories for select to tenon_keeper using (rebuild);
grant select (org_id, id, rebuild, rebuild_after) on repositories to tenon_keeper;

-- Shards of the format before can't be read any more. Row-level security would hide them from the owner.
alter table repositories no force row level security;
alter table code_shards no force row level security;
update repositories
  set rebuild = true, status = 'indexing', indexed_commit = null, indexed_at = null, files = 0, size_bytes = 0
  where indexed_commit is not null or status = 'indexing';
delete from code_shards;
alter table repositories force row level security;
alter table code_shards force row level security;
