-- Keys: who may do how much for how long, and the line of keys that rotation makes.
alter table api_keys
  add column lineage text collate "C",
  add column calls_per_hour int check (calls_per_hour > 0),
  add column expires_at timestamptz,
  add column rotated_at timestamptz,
  add column last_used_at timestamptz;
update api_keys set lineage = id;
alter table api_keys alter column lineage set not null;
grant update (expires_at, rotated_at) on api_keys to tenon_app;
grant update (last_used_at) on api_keys to tenon_auth;
grant delete on organizations to tenon_auth;

-- What was revoked stays revoked, and no key lives longer than it was said to, whatever a statement may try.
create function tenon_keep_keys_ended() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if (old.revoked_at is not null and new.revoked_at is distinct from old.revoked_at)
    or (old.expires_at is not null and (new.expires_at is null or new.expires_at > old.expires_at)) then
    raise exception 'a key that has ended can not be brought back';
  end if;
  return new;
end
$$;
create trigger api_keys_stay_ended before update of revoked_at, expires_at on api_keys
  for each row execute function tenon_keep_keys_ended();

-- Counts every change that a cached key or limit must not outlive. A change of it commits with the change that it tells of.
create table auth_epoch (
  one boolean primary key default true check (one),
  epoch bigint not null
);
insert into auth_epoch (epoch) values (0);
grant select on auth_epoch to tenon_auth;

create function tenon_announce_auth_change() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
declare
  new_epoch bigint;
begin
  update public.auth_epoch set epoch = epoch + 1 returning epoch into new_epoch;
  perform pg_notify('tenon_auth', new_epoch || ' ' || coalesce(new.org_id, old.org_id));
  return null;
end
$$;
-- Deferred to the commit, so that its one row is locked for no longer than that.
create constraint trigger api_keys_changed
  after update of scopes, calls_per_hour, expires_at, revoked_at or delete on api_keys
  deferrable initially deferred for each row execute function tenon_announce_auth_change();

-- Plans and what the operator has set instead; null stands for the plan's.
create table org_limits (
  org_id text collate "C" primary key references organizations (org_id) on delete cascade,
  plan text not null,
  calls_per_hour int check (calls_per_hour >= 0),
  calls_per_day int check (calls_per_day >= 0),
  concurrent_runs int check (concurrent_runs >= 0),
  runs_per_day int check (runs_per_day >= 0),
  repositories int check (repositories >= 0)
);
insert into org_limits (org_id, plan) select org_id, 'free' from organizations;
create constraint trigger org_limits_changed
  after update on org_limits
  deferrable initially deferred for each row execute function tenon_announce_auth_change();

-- Calls in the current hour and day, of an organisation (subject '') or of a line of keys with a limit of its own.
create table rate_windows (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  subject text collate "C" not null,
  hour timestamptz not null,
  hour_used int not null check (hour_used >= 0),
  day timestamptz not null,
  day_used int not null check (day_used >= 0),
  primary key (org_id, subject)
) with (fillfactor = 50);

-- The same for callers that have no organisation: by address or account.
create table caller_windows (
  subject text collate "C" primary key,
  begun_at timestamptz not null,
  ends_at timestamptz not null,
  used int not null check (used > 0)
);
create index caller_windows_ended on caller_windows (ends_at);

-- What an organisation has of what its plan counts; `day` is that of a daily count, else the epoch.
create table org_usage (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  quota text collate "C" not null,
  day date not null,
  used int not null check (used >= 0),
  primary key (org_id, quota)
);
insert into org_usage (org_id, quota, day, used)
  select org_id, 'concurrentRuns', date 'epoch', count(*) from runs
  where status in ('queued', 'planning', 'running', 'finishing') group by org_id;
insert into org_usage (org_id, quota, day, used)
  select org_id, 'repositories', date 'epoch', count(*) from repositories group by org_id;

-- Answers of calls with an Idempotency-Key; the row is written by the transaction of the call itself.
create table idempotency_records (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  key text collate "C" not null,
  operation text not null,
  request_sha256 bytea not null,
  sealed boolean not null,
  answer bytea,
  created_at timestamptz not null default clock_timestamp(),
  primary key (org_id, key)
);
create index idempotency_records_by_age on idempotency_records (created_at);

-- A hash chain per organisation: each entry's hash covers the one before.
create table audit_heads (
  org_id text collate "C" primary key references organizations (org_id) on delete cascade,
  seq bigint not null,
  hash bytea not null
);
create table audit_entries (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  seq bigint not null,
  -- For filters; what counts is the text.
  action text collate "C" not null,
  outcome text collate "C" not null,
  entry text not null,
  hash bytea not null,
  primary key (org_id, seq)
);
create index audit_entries_by_action on audit_entries (org_id, action, seq);
create index audit_entries_by_outcome on audit_entries (org_id, outcome, seq);

-- The journal of the saga that makes an organisation.
create table onboardings (
  org_id text collate "C" primary key,
  idempotency_key text collate "C" unique,
  slug text collate "C" not null,
  request_sha256 bytea not null,
  state text not null check (state in ('running', 'done', 'undone', 'stuck')),
  owner text not null,
  lease_until timestamptz not null,
  steps jsonb not null default '[]',
  answer bytea,
  created_at timestamptz not null default clock_timestamp()
);

-- An organisation is only deleted while it is being made.
drop policy organizations_auth on organizations;
create policy organizations_auth on organizations for select to tenon_auth using (true);
create policy organizations_auth_make on organizations for insert to tenon_auth with check (true);
create policy organizations_auth_undo on organizations for delete to tenon_auth
  using (exists (select from onboardings o where o.org_id = organizations.org_id and o.state = 'running'));

-- The chain only grows.
create function tenon_keep_audit_growing() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if new.seq <> old.seq + 1 then raise exception 'the end of an audit trail moves by one'; end if;
  return new;
end
$$;
create trigger audit_heads_grow before update on audit_heads
  for each row execute function tenon_keep_audit_growing();

do $$
declare
  name text;
begin
  begin
    create role tenon_keeper nologin;
  exception when duplicate_object or unique_violation then
    null;
  end;
  begin
    grant tenon_keeper to current_user;
  exception when others then
    if not pg_has_role(current_user, 'tenon_keeper', 'member') then raise; end if;
  end;
  foreach name in array array['org_limits', 'rate_windows', 'org_usage', 'idempotency_records', 'audit_heads', 'audit_entries'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
  end loop;
end
$$;
alter table onboardings enable row level security;
alter table onboardings force row level security;

grant usage on schema public to tenon_keeper;
grant select, insert, update on org_limits, rate_windows, org_usage, audit_heads to tenon_app;
grant select, insert on audit_entries, idempotency_records to tenon_app;
grant update (operation, request_sha256, sealed, answer, created_at) on idempotency_records to tenon_app;

create policy org_limits_auth on org_limits for select to tenon_auth using (true);
grant select on org_limits to tenon_auth;
grant select, insert, update on caller_windows to tenon_auth;
create policy onboardings_auth on onboardings to tenon_auth using (true) with check (true);
grant select, insert, update on onboardings to tenon_auth;

create policy org_usage_engine on org_usage to tenon_engine using (true) with check (true);
grant select, insert, update on org_usage to tenon_engine;

-- Removes what has expired, and knows which organisations have counts to check.
create policy idempotency_records_keeper on idempotency_records to tenon_keeper using (true);
grant select, delete on idempotency_records to tenon_keeper;
grant select, delete on caller_windows to tenon_keeper;
create policy onboardings_keeper on onboardings to tenon_keeper using (true);
grant select, delete on onboardings to tenon_keeper;
create policy organizations_keeper on organizations for select to tenon_keeper using (true);
grant select on organizations to tenon_keeper;
