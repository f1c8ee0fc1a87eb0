-- Who belongs to an organisation as what, and who was asked to.

-- Roles are shared by all databases of a server, so another migrator may be making them at the same moment.
do $$
begin
  begin
    create role tenon_accounts nologin;
  exception when duplicate_object or unique_violation then
    null;
  end;
  begin
    grant tenon_accounts to current_user;
  exception when others then
    if not pg_has_role(current_user, 'tenon_accounts', 'member') then raise; end if;
  end;
end
$$;
grant usage on schema public to tenon_accounts;

create table members (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  user_id text collate "C" not null,
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  -- In milliseconds, as a page of the list says where it ends.
  created_at timestamptz(3) not null,
  invited_by text collate "C",
  primary key (org_id, user_id)
);
-- For those who sign in: which organisations are theirs.
create index members_by_user on members (user_id);
create index members_by_age on members (org_id, created_at, user_id);

create table invitations (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  email text collate "C" not null check (email = lower(email)),
  role text not null check (role in ('owner', 'admin', 'member', 'viewer')),
  token_sha256 bytea not null unique,
  invited_by text collate "C" not null,
  created_at timestamptz not null,
  sent_at timestamptz not null,
  expires_at timestamptz not null,
  accepted_at timestamptz,
  accepted_by text collate "C",
  revoked_at timestamptz,
  -- As long as it is open it takes a seat; one that has expired is closed by the housekeeping.
  open boolean not null default true check (not open or (accepted_at is null and revoked_at is null)),
  primary key (org_id, id)
);
create unique index invitations_open on invitations (org_id, email) where open;
create index invitations_by_end on invitations (expires_at) where open;

do $$
declare
  name text;
begin
  foreach name in array array['members', 'invitations'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
    execute format('create policy %I on %I for select to tenon_accounts using (true)', name || '_accounts', name);
    execute format('grant select on %I to tenon_accounts', name);
  end loop;
end
$$;
grant select, insert, delete on members to tenon_app;
grant update (role) on members to tenon_app;
grant select, insert on invitations to tenon_app;
grant update (token_sha256, sent_at, expires_at, accepted_at, accepted_by, revoked_at, open) on invitations to tenon_app;

-- With each call of a person: as what they enter the organisation.
create policy members_auth on members for select to tenon_auth using (true);
grant select on members to tenon_auth;

-- Knows which organisations have invitations to close.
create policy invitations_keeper on invitations for select to tenon_keeper using (true);
grant select on invitations to tenon_keeper;
