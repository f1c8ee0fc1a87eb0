-- Roles are shared by all databases of a server, so another migrator may be making them at the same moment.
do $$
declare
  name text;
begin
  foreach name in array array['tenon_app', 'tenon_auth', 'tenon_engine', 'tenon_queue'] loop
    begin
      execute format('create role %I nologin', name);
    exception when duplicate_object or unique_violation then
      null;
    end;
    begin
      execute format('grant %I to current_user', name);
    exception when others then
      if not pg_has_role(current_user, name, 'member') then raise; end if;
    end;
  end loop;
end
$$;

revoke create on schema public from public;
grant usage on schema public to tenon_app, tenon_auth, tenon_engine;

create table organizations (
  org_id text collate "C" primary key,
  slug text collate "C" not null unique,
  name text not null,
  created_at timestamptz not null
);
alter table organizations enable row level security;
alter table organizations force row level security;
create policy organizations_tenant on organizations for select to tenon_app
  using (org_id = (select current_setting('app.org_id', true)));
create policy organizations_auth on organizations to tenon_auth using (true) with check (true);
grant select on organizations to tenon_app;
grant select, insert on organizations to tenon_auth;

create table api_keys (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  name text not null,
  hint text not null,
  secret_sha256 bytea not null unique,
  scopes text[] not null,
  created_at timestamptz not null,
  created_by text not null,
  revoked_at timestamptz,
  primary key (org_id, id)
);
alter table api_keys enable row level security;
alter table api_keys force row level security;
create policy api_keys_tenant on api_keys to tenon_app
  using (org_id = (select current_setting('app.org_id', true)))
  with check (org_id = (select current_setting('app.org_id', true)));
create policy api_keys_auth on api_keys to tenon_auth using (true) with check (true);
grant select, insert on api_keys to tenon_app;
grant update (revoked_at) on api_keys to tenon_app;
grant select, insert on api_keys to tenon_auth;
