-- Rows here hang on their repository alone: a check against a table that grows in the same transaction, of which the
-- planner has no statistics yet, reads all of it for each row.

-- What a parser has found in a blob. The same text may stand at two paths that are parsed differently.
create table code_facts (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  sha text collate "C" not null,
  dialect text collate "C" not null,
  -- Of the parser; facts of another version are found anew.
  version int not null,
  incomplete boolean not null,
  -- JSON: the imports, and what of the file is affected by each.
  imports text not null,
  primary key (org_id, repository_id, sha, dialect),
  foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade
);

create table code_symbols (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  sha text collate "C" not null,
  dialect text collate "C" not null,
  n int not null,
  name text collate "C" not null,
  -- Its last part in lower case: a function of the name could not be looked up through row-level security.
  name_folded text collate "C" not null,
  kind text not null,
  exported_as text[] not null,
  line int not null,
  end_line int not null,
  primary key (org_id, repository_id, sha, dialect, n),
  foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade
);
create index code_symbols_by_name on code_symbols (org_id, name_folded, repository_id);

-- Where the outside enters: routes and jobs.
create table code_entry_points (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  sha text collate "C" not null,
  dialect text collate "C" not null,
  n int not null,
  kind text not null check (kind in ('endpoint', 'job')),
  method text,
  name text not null,
  title text,
  symbol text,
  line int not null,
  primary key (org_id, repository_id, sha, dialect, n),
  foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade
);

alter table code_files
  drop constraint code_files_org_id_repository_id_sha_fkey,
  add foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade,
  -- How the file is parsed; null when it has no graph.
  add column dialect text collate "C",
  -- Of the edges that begin at it.
  add column edges_digest text,
  -- First path of the circle of imports that it is in.
  add column cycle text collate "C";
create index code_files_by_cycle on code_files (org_id, repository_id, cycle) where cycle is not null;

-- The imports of the files of the indexed commit, as they are resolved in it.
create table code_edges (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  src text collate "C" not null,
  n int not null,
  -- null with a reason.
  dst text collate "C",
  reason text,
  kind text not null,
  type_only boolean not null,
  line int not null,
  specifier text,
  names text[] not null,
  -- JSON: for each name that is imported, what of the importing file is affected by it; null for nothing.
  uses text,
  -- What another repository may provide.
  module text collate "C",
  primary key (org_id, repository_id, src, n),
  foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade,
  check ((dst is null) = (reason is not null))
);
create index code_edges_by_dst on code_edges (org_id, repository_id, dst) where dst is not null;
create index code_edges_unresolved on code_edges (org_id, repository_id, src)
  where reason in ('not_found', 'undeclared', 'not_literal');
create index code_edges_by_module on code_edges (org_id, module) where module is not null;

-- Files that other repositories can import by the name of a package.
create table code_modules (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  module text collate "C" not null,
  path text collate "C" not null,
  primary key (org_id, repository_id, module),
  foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade
);
create index code_modules_by_path on code_modules (org_id, repository_id, path);

do $$
declare
  name text;
begin
  foreach name in array array['code_facts', 'code_symbols', 'code_entry_points', 'code_edges', 'code_modules'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
    execute format('grant select, insert, update, delete on %I to tenon_app', name);
  end loop;
end
$$;

-- Version of the facts that the graph of the indexed commit was made from; null when it has none yet.
alter table repositories add column graph_version int;
-- What was indexed before has no graph: it is indexed again.
alter table repositories no force row level security;
update repositories set rebuild = true where indexed_commit is not null;
alter table repositories force row level security;
