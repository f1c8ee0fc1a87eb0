create table repositories (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  name text collate "C" not null,
  source text not null,
  ref text,
  status text not null check (status in ('pending', 'indexing', 'ready', 'failed')),
  indexed_commit text,
  indexed_at timestamptz,
  files int not null default 0,
  size_bytes bigint not null default 0,
  latest_run text collate "C",
  created_at timestamptz not null,
  primary key (org_id, id),
  unique (org_id, name)
);

-- A row is the only way to a shard's file.
create table code_shards (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  id text collate "C" not null,
  blob_key text not null,
  size_bytes bigint not null,
  primary key (org_id, repository_id, id),
  foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade
);

-- Every blob that was read, also those that can not be searched: they are not read again.
create table code_blobs (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  sha text collate "C" not null,
  shard_id text collate "C" not null,
  size_bytes int not null,
  lines int not null,
  skipped text,
  primary key (org_id, repository_id, sha),
  foreign key (org_id, repository_id, shard_id) references code_shards (org_id, repository_id, id) on delete cascade
);

-- The files of the indexed commit.
create table code_files (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  path text collate "C" not null,
  sha text collate "C" not null,
  language text,
  primary key (org_id, repository_id, path),
  foreign key (org_id, repository_id, sha) references code_blobs (org_id, repository_id, sha) on delete cascade
);
create index code_files_by_sha on code_files (org_id, repository_id, sha);

do $$
declare
  name text;
begin
  foreach name in array array['repositories', 'code_shards', 'code_blobs', 'code_files'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
    execute format('grant select, insert, update, delete on %I to tenon_app', name);
  end loop;
end
$$;
