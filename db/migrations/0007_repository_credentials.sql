-- The token that a private repository is fetched with, sealed with the master key, which no database has.
create table repository_credentials (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  username text not null,
  sealed bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (org_id, repository_id),
  foreign key (org_id, repository_id) references repositories (org_id, id) on delete cascade
);

alter table repository_credentials enable row level security;
alter table repository_credentials force row level security;
create policy repository_credentials_tenant on repository_credentials to tenon_app
  using (org_id = (select current_setting('app.org_id', true)))
  with check (org_id = (select current_setting('app.org_id', true)));
grant select, insert, update, delete on repository_credentials to tenon_app;
