create table runs (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  pipeline text not null,
  status text not null check (status in
    ('queued', 'planning', 'running', 'finishing', 'succeeded', 'completed_with_errors', 'failed', 'cancelled')),
  subject text collate "C",
  input jsonb not null,
  summary jsonb,
  error_code text,
  request_id text not null,
  created_by text not null,
  chunks_total int,
  chunks_done int not null default 0,
  chunks_failed int not null default 0,
  active int not null default 0 check (active >= 0),
  max_active int not null check (max_active > 0),
  created_at timestamptz not null default now(),
  started_at timestamptz,
  ended_at timestamptz,
  primary key (org_id, id)
);
create index runs_claimable on runs (org_id, active, id) where status in ('queued', 'planning', 'running', 'finishing');
create index runs_by_subject on runs (org_id, subject, id);

create table chunks (
  org_id text collate "C" not null,
  run_id text collate "C" not null,
  step text not null check (step in ('plan', 'work', 'finish')),
  n int not null,
  state text not null default 'ready' check (state in ('ready', 'claimed', 'done', 'failed', 'skipped')),
  input jsonb not null default 'null',
  result jsonb,
  attempt int not null default 0,
  tries int not null default 0,
  ready_at timestamptz not null default now(),
  lease_until timestamptz,
  claimed_by text,
  error_code text,
  done_at timestamptz,
  primary key (org_id, run_id, step, n),
  foreign key (org_id, run_id) references runs (org_id, id) on delete cascade
);
create index chunks_ready on chunks (org_id, run_id, n) where state = 'ready';
create index chunks_claimed on chunks (org_id, lease_until) where state = 'claimed';

create table run_logs (
  org_id text collate "C" not null,
  run_id text collate "C" not null,
  id bigint generated always as identity,
  at timestamptz not null default clock_timestamp(),
  level text not null check (level in ('info', 'warn', 'error')),
  message text not null,
  primary key (org_id, run_id, id),
  foreign key (org_id, run_id) references runs (org_id, id) on delete cascade
);

do $$
declare
  name text;
begin
  foreach name in array array['runs', 'chunks', 'run_logs'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
  end loop;
end
$$;
-- The engine claims and settles the work of every organisation; it reaches no other table.
create policy runs_engine on runs to tenon_engine using (true) with check (true);
create policy chunks_engine on chunks to tenon_engine using (true) with check (true);
grant select, insert on runs to tenon_app;
grant update (status, ended_at) on runs to tenon_app;
grant select, insert on chunks to tenon_app;
grant update (state) on chunks to tenon_app;
grant select, insert on run_logs to tenon_app;
grant select, update on runs to tenon_engine;
grant select, insert, update on chunks to tenon_engine;
