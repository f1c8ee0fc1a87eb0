-- What checks have found and could not repair: of one organisation, and what belongs to none.
create table findings (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  kind text not null,
  subject text collate "C" not null,
  source text not null,
  severity text not null check (severity in ('critical', 'high', 'medium', 'low')),
  cause text not null,
  recovery text not null,
  details jsonb not null,
  status text not null default 'open' check (status in ('open', 'resolved', 'ignored')),
  first_seen_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  resolved_at timestamptz,
  primary key (org_id, id),
  unique (org_id, kind, subject)
);

create table orphans (
  id text collate "C" primary key,
  system text not null,
  kind text not null,
  reference text collate "C" not null,
  cause text not null,
  recovery text not null,
  details jsonb not null,
  status text not null default 'open' check (status in ('open', 'resolved')),
  first_seen_at timestamptz not null default clock_timestamp(),
  last_seen_at timestamptz not null default clock_timestamp(),
  resolved_at timestamptz,
  unique (system, kind, reference)
);

-- What each organisation did in each hour that had some of it. Counted in batches, so that one that has gone meanwhile is in
-- nobody's way; forgotten after 15 days.
create table org_activity (
  org_id text collate "C" not null,
  metric text collate "C" not null,
  hour timestamptz not null,
  count bigint not null check (count >= 0),
  primary key (org_id, metric, hour)
);
create index org_activity_by_hour on org_activity (hour);

create table alerts (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  metric text collate "C" not null,
  hour timestamptz not null,
  count bigint not null,
  threshold bigint not null,
  usual bigint not null,
  raised_at timestamptz not null default clock_timestamp(),
  -- Of the webhook: none is due when `next_try_at` is null.
  tries int not null default 0,
  next_try_at timestamptz,
  delivered_at timestamptz,
  primary key (org_id, id),
  unique (org_id, metric, hour)
);
create index alerts_due on alerts (next_try_at) where next_try_at is not null;

-- How the last comparison of an organisation with the other systems went.
create table reconciliations (
  org_id text collate "C" primary key references organizations (org_id) on delete cascade,
  state text not null check (state in ('synced', 'pending', 'failed')),
  checked int not null,
  found int not null,
  repaired int not null,
  reconciled_at timestamptz not null default clock_timestamp()
);

-- One at a time reconciles everything, and whoever takes over goes on where the one before was.
create table reconcile_lease (
  one boolean primary key default true check (one),
  owner text not null,
  lease_until timestamptz not null,
  -- Where the round that has begun goes on; null at its beginning.
  cursor text,
  began_at timestamptz,
  ended_at timestamptz
);
insert into reconcile_lease (owner, lease_until) values ('', '-infinity');

do $$
declare
  name text;
begin
  begin
    create role tenon_reconciler nologin;
  exception when duplicate_object or unique_violation then
    null;
  end;
  begin
    grant tenon_reconciler to current_user;
  exception when others then
    if not pg_has_role(current_user, 'tenon_reconciler', 'member') then raise; end if;
  end;
  foreach name in array array['findings', 'org_activity', 'alerts', 'reconciliations'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
  end loop;
  foreach name in array array['org_activity', 'alerts'] loop
    execute format('create policy %I on %I to tenon_reconciler using (true) with check (true)', name || '_reconciler', name);
  end loop;
end
$$;

grant usage on schema public to tenon_reconciler;
grant select, insert, update on findings, reconciliations to tenon_app;
grant select on alerts to tenon_app;
grant select, insert, update, delete on org_activity, alerts to tenon_reconciler;
grant select, insert, update on orphans to tenon_reconciler;
grant select, update on reconcile_lease to tenon_reconciler;

-- Entries only come at the end, so that so little an index finds those of the last hours.
create index credit_entries_by_time on credit_entries using brin (at) with (autosummarize = on);
