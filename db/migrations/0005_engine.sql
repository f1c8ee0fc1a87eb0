-- Runs: pause, priority, the organisation's share of the workers, where they come from, and their age.
alter table runs
  add column priority smallint not null default 0 check (priority between -1 and 1),
  -- Chunks of all runs of the organisation that may be under way at once, by its plan when the run was started.
  add column org_max_active int not null default 4 check (org_max_active > 0),
  add column paused_at timestamptz,
  add column schedule_id text collate "C",
  add column expires_at timestamptz not null default now() + interval '24 hours',
  -- From then on the run has no chunks any more: it can be read, but not tried again.
  add column archived_at timestamptz;
create index runs_busy on runs (org_id) where active > 0;
create index runs_ended on runs (ended_at) where ended_at is not null and archived_at is null;
create index runs_by_age on runs (created_at);

-- How often a worker was lost while it held the chunk: one that ends its worker again and again is given up.
alter table chunks add column lost smallint not null default 0;

-- By step: while a run is planned, its first work waits already in great numbers.
drop index chunks_ready;
create index chunks_ready on chunks (org_id, run_id, step, n) where state = 'ready';
-- Of leases alone: what names a chunk that is claimed must be found by its key, not among all that are claimed.
drop index chunks_claimed;
create index chunks_leased on chunks (lease_until) where lease_until is not null;

-- Processes that work; a run waits for one when there is none.
create table workers (
  id text collate "C" primary key,
  seen_at timestamptz not null default clock_timestamp()
);

alter table org_limits add column active_chunks int check (active_chunks >= 1);

create table schedules (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  name text not null,
  pipeline text not null,
  input jsonb not null,
  cron text not null,
  time_zone text not null,
  jitter_seconds int not null check (jitter_seconds >= 0),
  priority smallint not null check (priority between -1 and 1),
  enabled boolean not null,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  -- When it is due, jitter included; null while it is not enabled.
  next_at timestamptz,
  last_run text collate "C",
  last_at timestamptz,
  -- Why nothing was started the last time.
  last_error text,
  primary key (org_id, id),
  unique (org_id, name)
);
create index schedules_due on schedules (next_at) where next_at is not null;
alter table schedules enable row level security;
alter table schedules force row level security;
create policy schedules_tenant on schedules to tenon_app
  using (org_id = (select current_setting('app.org_id', true)))
  with check (org_id = (select current_setting('app.org_id', true)));
create policy schedules_engine on schedules to tenon_engine using (true) with check (true);

grant select, insert, update, delete on schedules to tenon_app;
grant select, update on schedules to tenon_engine;
grant select on workers to tenon_app;
grant select, insert, update, delete on workers to tenon_engine;
grant update (status, ended_at, paused_at, expires_at, error_code, summary, chunks_done, chunks_failed, chunks_total, org_max_active) on runs to tenon_app;
grant update (state, tries, lost, ready_at, error_code) on chunks to tenon_app;
grant delete on chunks to tenon_engine;
grant delete on runs to tenon_engine;
