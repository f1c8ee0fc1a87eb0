-- Groups of repositories.
create table projects (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  name text collate "C" not null,
  description text,
  created_at timestamptz not null,
  -- When its name, its description or what is in it was changed last.
  updated_at timestamptz not null,
  primary key (org_id, id),
  unique (org_id, name)
);

create table project_repositories (
  org_id text collate "C" not null,
  project_id text collate "C" not null,
  repository_id text collate "C" not null,
  added_at timestamptz not null,
  primary key (org_id, project_id, repository_id),
  foreign key (org_id, project_id) references projects (org_id, id) on delete cascade,
  foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade
);
-- For the deletion of a repository.
create index project_repositories_by_repository on project_repositories (org_id, repository_id);

do $$
declare
  name text;
begin
  foreach name in array array['projects', 'project_repositories'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
    execute format('grant select, insert, update, delete on %I to tenon_app', name);
  end loop;
end
$$;
