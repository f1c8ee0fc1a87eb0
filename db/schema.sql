-- Rendered by scripts/dump-schema.ts from the catalogue; not run by anything.

create table api_keys (
  org_id text collate "C" not null,
  id text collate "C" not null,
  name text not null,
  hint text not null,
  secret_sha256 bytea not null,
  scopes text[] not null,
  created_at timestamp with time zone not null,
  created_by text not null,
  revoked_at timestamp with time zone,
  lineage text collate "C" not null,
  calls_per_hour integer,
  expires_at timestamp with time zone,
  rotated_at timestamp with time zone,
  last_used_at timestamp with time zone,
  constraint api_keys_secret_sha256_key UNIQUE (secret_sha256),
  constraint api_keys_changed TRIGGER DEFERRABLE INITIALLY DEFERRED,
  constraint api_keys_pkey PRIMARY KEY (org_id, id),
  constraint api_keys_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint api_keys_calls_per_hour_check CHECK ((calls_per_hour > 0))
);
-- row level security: on, forced
-- policy api_keys_auth for all to tenon_auth using (true) with check (true)
-- policy api_keys_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app
-- grant insert, select to tenon_auth
-- grant update (expires_at, revoked_at, rotated_at) to tenon_app
-- grant update (last_used_at) to tenon_auth

create table audit_entries (
  org_id text collate "C" not null,
  seq bigint not null,
  action text collate "C" not null,
  outcome text collate "C" not null,
  entry text not null,
  hash bytea not null,
  constraint audit_entries_pkey PRIMARY KEY (org_id, seq),
  constraint audit_entries_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE
);
-- CREATE INDEX audit_entries_by_action ON public.audit_entries USING btree (org_id, action, seq);
-- CREATE INDEX audit_entries_by_outcome ON public.audit_entries USING btree (org_id, outcome, seq);
-- row level security: on, forced
-- policy audit_entries_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app

create table audit_heads (
  org_id text collate "C" not null,
  seq bigint not null,
  hash bytea not null,
  constraint audit_heads_pkey PRIMARY KEY (org_id),
  constraint audit_heads_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE
);
-- row level security: on, forced
-- policy audit_heads_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select, update to tenon_app

create table auth_epoch (
  one boolean not null default true,
  epoch bigint not null,
  constraint auth_epoch_pkey PRIMARY KEY (one),
  constraint auth_epoch_one_check CHECK (one)
);
-- row level security: off
-- grant select to tenon_auth

create table caller_windows (
  subject text collate "C" not null,
  begun_at timestamp with time zone not null,
  ends_at timestamp with time zone not null,
  used integer not null,
  constraint caller_windows_pkey PRIMARY KEY (subject),
  constraint caller_windows_used_check CHECK ((used > 0))
);
-- CREATE INDEX caller_windows_ended ON public.caller_windows USING btree (ends_at);
-- row level security: off
-- grant insert, select, update to tenon_auth
-- grant delete, select to tenon_keeper

create table chunks (
  org_id text collate "C" not null,
  run_id text collate "C" not null,
  step text not null,
  n integer not null,
  state text not null default 'ready'::text,
  input jsonb not null default 'null'::jsonb,
  result jsonb,
  attempt integer not null default 0,
  tries integer not null default 0,
  ready_at timestamp with time zone not null default now(),
  lease_until timestamp with time zone,
  claimed_by text,
  error_code text,
  done_at timestamp with time zone,
  lost smallint not null default 0,
  constraint chunks_pkey PRIMARY KEY (org_id, run_id, step, n),
  constraint chunks_org_id_run_id_fkey FOREIGN KEY (org_id, run_id) REFERENCES runs(org_id, id) ON DELETE CASCADE,
  constraint chunks_state_check CHECK ((state = ANY (ARRAY['ready'::text, 'claimed'::text, 'done'::text, 'failed'::text, 'skipped'::text]))),
  constraint chunks_step_check CHECK ((step = ANY (ARRAY['plan'::text, 'work'::text, 'finish'::text])))
);
-- CREATE INDEX chunks_leased ON public.chunks USING btree (lease_until) WHERE (lease_until IS NOT NULL);
-- CREATE INDEX chunks_ready ON public.chunks USING btree (org_id, run_id, step, n) WHERE (state = 'ready'::text);
-- row level security: on, forced
-- policy chunks_engine for all to tenon_engine using (true) with check (true)
-- policy chunks_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app
-- grant delete, insert, select, update to tenon_engine
-- grant update (error_code, lost, ready_at, state, tries) to tenon_app

create table code_blobs (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  sha text collate "C" not null,
  shard_id text collate "C" not null,
  size_bytes integer not null,
  lines integer not null,
  skipped text,
  doc integer,
  constraint code_blobs_pkey PRIMARY KEY (org_id, repository_id, sha),
  constraint code_blobs_org_id_repository_id_shard_id_fkey FOREIGN KEY (org_id, repository_id, shard_id) REFERENCES code_shards(org_id, repository_id, id) ON DELETE CASCADE
);
-- CREATE INDEX code_blobs_by_shard ON public.code_blobs USING btree (org_id, repository_id, shard_id);
-- row level security: on, forced
-- policy code_blobs_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table code_edges (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  src text collate "C" not null,
  n integer not null,
  dst text collate "C",
  reason text,
  kind text not null,
  type_only boolean not null,
  line integer not null,
  specifier text,
  names text[] not null,
  uses text,
  module text collate "C",
  constraint code_edges_pkey PRIMARY KEY (org_id, repository_id, src, n),
  constraint code_edges_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE,
  constraint code_edges_check CHECK (((dst IS NULL) = (reason IS NOT NULL)))
);
-- CREATE INDEX code_edges_by_dst ON public.code_edges USING btree (org_id, repository_id, dst) WHERE (dst IS NOT NULL);
-- CREATE INDEX code_edges_by_module ON public.code_edges USING btree (org_id, module) WHERE (module IS NOT NULL);
-- CREATE INDEX code_edges_unresolved ON public.code_edges USING btree (org_id, repository_id, src) WHERE (reason = ANY (ARRAY['not_found'::text, 'undeclared'::text, 'not_literal'::text]));
-- row level security: on, forced
-- policy code_edges_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table code_entry_points (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  sha text collate "C" not null,
  dialect text collate "C" not null,
  n integer not null,
  kind text not null,
  method text,
  name text not null,
  title text,
  symbol text,
  line integer not null,
  constraint code_entry_points_pkey PRIMARY KEY (org_id, repository_id, sha, dialect, n),
  constraint code_entry_points_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE,
  constraint code_entry_points_kind_check CHECK ((kind = ANY (ARRAY['endpoint'::text, 'job'::text])))
);
-- row level security: on, forced
-- policy code_entry_points_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table code_facts (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  sha text collate "C" not null,
  dialect text collate "C" not null,
  version integer not null,
  incomplete boolean not null,
  imports text not null,
  constraint code_facts_pkey PRIMARY KEY (org_id, repository_id, sha, dialect),
  constraint code_facts_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE
);
-- row level security: on, forced
-- policy code_facts_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table code_files (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  path text collate "C" not null,
  sha text collate "C" not null,
  language text,
  changed_commit text,
  changed_at timestamp with time zone,
  dialect text collate "C",
  edges_digest text,
  cycle text collate "C",
  constraint code_files_pkey PRIMARY KEY (org_id, repository_id, path),
  constraint code_files_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE
);
-- CREATE INDEX code_files_by_cycle ON public.code_files USING btree (org_id, repository_id, cycle) WHERE (cycle IS NOT NULL);
-- CREATE INDEX code_files_by_sha ON public.code_files USING btree (org_id, repository_id, sha);
-- CREATE INDEX code_files_recent ON public.code_files USING btree (org_id, repository_id, changed_at DESC, path) WHERE (changed_at IS NOT NULL);
-- row level security: on, forced
-- policy code_files_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table code_modules (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  module text collate "C" not null,
  path text collate "C" not null,
  constraint code_modules_pkey PRIMARY KEY (org_id, repository_id, module),
  constraint code_modules_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE
);
-- CREATE INDEX code_modules_by_path ON public.code_modules USING btree (org_id, repository_id, path);
-- row level security: on, forced
-- policy code_modules_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table code_shards (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  id text collate "C" not null,
  blob_key text not null,
  size_bytes bigint not null,
  checksum text not null default ''::text,
  damaged boolean not null default false,
  constraint code_shards_pkey PRIMARY KEY (org_id, repository_id, id),
  constraint code_shards_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE
);
-- row level security: on, forced
-- policy code_shards_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table code_symbols (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  sha text collate "C" not null,
  dialect text collate "C" not null,
  n integer not null,
  name text collate "C" not null,
  name_folded text collate "C" not null,
  kind text not null,
  exported_as text[] not null,
  line integer not null,
  end_line integer not null,
  constraint code_symbols_pkey PRIMARY KEY (org_id, repository_id, sha, dialect, n),
  constraint code_symbols_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE
);
-- CREATE INDEX code_symbols_by_name ON public.code_symbols USING btree (org_id, name_folded, repository_id);
-- row level security: on, forced
-- policy code_symbols_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table idempotency_records (
  org_id text collate "C" not null,
  key text collate "C" not null,
  operation text not null,
  request_sha256 bytea not null,
  sealed boolean not null,
  answer bytea,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint idempotency_records_pkey PRIMARY KEY (org_id, key),
  constraint idempotency_records_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE
);
-- CREATE INDEX idempotency_records_by_age ON public.idempotency_records USING btree (created_at);
-- row level security: on, forced
-- policy idempotency_records_keeper for all to tenon_keeper using (true)
-- policy idempotency_records_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app
-- grant delete, select to tenon_keeper
-- grant update (answer, created_at, operation, request_sha256, sealed) to tenon_app

create table onboardings (
  org_id text collate "C" not null,
  idempotency_key text collate "C",
  slug text collate "C" not null,
  request_sha256 bytea not null,
  state text not null,
  owner text not null,
  lease_until timestamp with time zone not null,
  steps jsonb not null default '[]'::jsonb,
  answer bytea,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint onboardings_idempotency_key_key UNIQUE (idempotency_key),
  constraint onboardings_pkey PRIMARY KEY (org_id),
  constraint onboardings_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'undone'::text, 'stuck'::text])))
);
-- row level security: on, forced
-- policy onboardings_auth for all to tenon_auth using (true) with check (true)
-- policy onboardings_keeper for all to tenon_keeper using (true)
-- grant insert, select, update to tenon_auth
-- grant delete, select to tenon_keeper

create table org_limits (
  org_id text collate "C" not null,
  plan text not null,
  calls_per_hour integer,
  calls_per_day integer,
  concurrent_runs integer,
  runs_per_day integer,
  repositories integer,
  active_chunks integer,
  constraint org_limits_changed TRIGGER DEFERRABLE INITIALLY DEFERRED,
  constraint org_limits_pkey PRIMARY KEY (org_id),
  constraint org_limits_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint org_limits_active_chunks_check CHECK ((active_chunks >= 1)),
  constraint org_limits_calls_per_day_check CHECK ((calls_per_day >= 0)),
  constraint org_limits_calls_per_hour_check CHECK ((calls_per_hour >= 0)),
  constraint org_limits_concurrent_runs_check CHECK ((concurrent_runs >= 0)),
  constraint org_limits_repositories_check CHECK ((repositories >= 0)),
  constraint org_limits_runs_per_day_check CHECK ((runs_per_day >= 0))
);
-- row level security: on, forced
-- policy org_limits_auth for select to tenon_auth using (true)
-- policy org_limits_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select, update to tenon_app
-- grant select to tenon_auth

create table org_usage (
  org_id text collate "C" not null,
  quota text collate "C" not null,
  day date not null,
  used integer not null,
  constraint org_usage_pkey PRIMARY KEY (org_id, quota),
  constraint org_usage_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint org_usage_used_check CHECK ((used >= 0))
);
-- row level security: on, forced
-- policy org_usage_engine for all to tenon_engine using (true) with check (true)
-- policy org_usage_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select, update to tenon_app
-- grant insert, select, update to tenon_engine

create table organizations (
  org_id text collate "C" not null,
  slug text collate "C" not null,
  name text not null,
  created_at timestamp with time zone not null,
  constraint organizations_slug_key UNIQUE (slug),
  constraint organizations_pkey PRIMARY KEY (org_id)
);
-- row level security: on, forced
-- policy organizations_auth for select to tenon_auth using (true)
-- policy organizations_auth_make for insert to tenon_auth using () with check (true)
-- policy organizations_auth_undo for delete to tenon_auth using ((EXISTS ( SELECT
   FROM onboardings o
  WHERE ((o.org_id = organizations.org_id) AND (o.state = 'running'::text)))))
-- policy organizations_keeper for select to tenon_keeper using (true)
-- policy organizations_tenant for select to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant select to tenon_app
-- grant delete, insert, select to tenon_auth
-- grant select to tenon_keeper

create table project_repositories (
  org_id text collate "C" not null,
  project_id text collate "C" not null,
  repository_id text collate "C" not null,
  added_at timestamp with time zone not null,
  constraint project_repositories_pkey PRIMARY KEY (org_id, project_id, repository_id),
  constraint project_repositories_org_id_project_id_fkey FOREIGN KEY (org_id, project_id) REFERENCES projects(org_id, id) ON DELETE CASCADE,
  constraint project_repositories_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE
);
-- CREATE INDEX project_repositories_by_repository ON public.project_repositories USING btree (org_id, repository_id);
-- row level security: on, forced
-- policy project_repositories_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table projects (
  org_id text collate "C" not null,
  id text collate "C" not null,
  name text collate "C" not null,
  description text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint projects_org_id_name_key UNIQUE (org_id, name),
  constraint projects_pkey PRIMARY KEY (org_id, id),
  constraint projects_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE
);
-- row level security: on, forced
-- policy projects_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table rate_windows (
  org_id text collate "C" not null,
  subject text collate "C" not null,
  hour timestamp with time zone not null,
  hour_used integer not null,
  day timestamp with time zone not null,
  day_used integer not null,
  constraint rate_windows_pkey PRIMARY KEY (org_id, subject),
  constraint rate_windows_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint rate_windows_day_used_check CHECK ((day_used >= 0)),
  constraint rate_windows_hour_used_check CHECK ((hour_used >= 0))
);
-- row level security: on, forced
-- policy rate_windows_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select, update to tenon_app

create table repositories (
  org_id text collate "C" not null,
  id text collate "C" not null,
  name text collate "C" not null,
  source text not null,
  ref text,
  status text not null,
  indexed_commit text,
  indexed_at timestamp with time zone,
  files integer not null default 0,
  size_bytes bigint not null default 0,
  latest_run text collate "C",
  created_at timestamp with time zone not null,
  snapshot_key text,
  snapshot_checksum text,
  rebuild boolean not null default false,
  rebuild_tries integer not null default 0,
  rebuild_after timestamp with time zone,
  graph_version integer,
  constraint repositories_org_id_name_key UNIQUE (org_id, name),
  constraint repositories_pkey PRIMARY KEY (org_id, id),
  constraint repositories_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint repositories_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'indexing'::text, 'ready'::text, 'failed'::text])))
);
-- CREATE INDEX repositories_rebuild ON public.repositories USING btree (org_id, id) WHERE rebuild;
-- row level security: on, forced
-- policy repositories_keeper for select to tenon_keeper using (rebuild)
-- policy repositories_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table repository_credentials (
  org_id text collate "C" not null,
  repository_id text collate "C" not null,
  username text not null,
  sealed bytea not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint repository_credentials_pkey PRIMARY KEY (org_id, repository_id),
  constraint repository_credentials_org_id_repository_id_fkey FOREIGN KEY (org_id, repository_id) REFERENCES repositories(org_id, id) ON DELETE CASCADE
);
-- row level security: on, forced
-- policy repository_credentials_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

create table run_logs (
  org_id text collate "C" not null,
  run_id text collate "C" not null,
  id bigint not null generated always as identity,
  at timestamp with time zone not null default clock_timestamp(),
  level text not null,
  message text not null,
  constraint run_logs_pkey PRIMARY KEY (org_id, run_id, id),
  constraint run_logs_org_id_run_id_fkey FOREIGN KEY (org_id, run_id) REFERENCES runs(org_id, id) ON DELETE CASCADE,
  constraint run_logs_level_check CHECK ((level = ANY (ARRAY['info'::text, 'warn'::text, 'error'::text])))
);
-- row level security: on, forced
-- policy run_logs_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app

create table runs (
  org_id text collate "C" not null,
  id text collate "C" not null,
  pipeline text not null,
  status text not null,
  subject text collate "C",
  input jsonb not null,
  summary jsonb,
  error_code text,
  request_id text not null,
  created_by text not null,
  chunks_total integer,
  chunks_done integer not null default 0,
  chunks_failed integer not null default 0,
  active integer not null default 0,
  max_active integer not null,
  created_at timestamp with time zone not null default now(),
  started_at timestamp with time zone,
  ended_at timestamp with time zone,
  priority smallint not null default 0,
  org_max_active integer not null default 4,
  paused_at timestamp with time zone,
  schedule_id text collate "C",
  expires_at timestamp with time zone not null default (now() + '24:00:00'::interval),
  archived_at timestamp with time zone,
  trace_parent text,
  constraint runs_pkey PRIMARY KEY (org_id, id),
  constraint runs_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint runs_active_check CHECK ((active >= 0)),
  constraint runs_max_active_check CHECK ((max_active > 0)),
  constraint runs_org_max_active_check CHECK ((org_max_active > 0)),
  constraint runs_priority_check CHECK (((priority >= '-1'::integer) AND (priority <= 1))),
  constraint runs_status_check CHECK ((status = ANY (ARRAY['queued'::text, 'planning'::text, 'running'::text, 'finishing'::text, 'succeeded'::text, 'completed_with_errors'::text, 'failed'::text, 'cancelled'::text]))),
  constraint runs_trace_parent_check CHECK ((trace_parent ~ '^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$'::text))
);
-- CREATE INDEX runs_busy ON public.runs USING btree (org_id) WHERE (active > 0);
-- CREATE INDEX runs_by_age ON public.runs USING btree (created_at);
-- CREATE INDEX runs_by_subject ON public.runs USING btree (org_id, subject, id);
-- CREATE INDEX runs_claimable ON public.runs USING btree (org_id, active, id) WHERE (status = ANY (ARRAY['queued'::text, 'planning'::text, 'running'::text, 'finishing'::text]));
-- CREATE INDEX runs_ended ON public.runs USING btree (ended_at) WHERE ((ended_at IS NOT NULL) AND (archived_at IS NULL));
-- row level security: on, forced
-- policy runs_engine for all to tenon_engine using (true) with check (true)
-- policy runs_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app
-- grant delete, select, update to tenon_engine
-- grant update (chunks_done, chunks_failed, chunks_total, ended_at, error_code, expires_at, org_max_active, paused_at, status, summary, trace_parent) to tenon_app

create table schedules (
  org_id text collate "C" not null,
  id text collate "C" not null,
  name text not null,
  pipeline text not null,
  input jsonb not null,
  cron text not null,
  time_zone text not null,
  jitter_seconds integer not null,
  priority smallint not null,
  enabled boolean not null,
  created_by text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  next_at timestamp with time zone,
  last_run text collate "C",
  last_at timestamp with time zone,
  last_error text,
  constraint schedules_org_id_name_key UNIQUE (org_id, name),
  constraint schedules_pkey PRIMARY KEY (org_id, id),
  constraint schedules_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint schedules_jitter_seconds_check CHECK ((jitter_seconds >= 0)),
  constraint schedules_priority_check CHECK (((priority >= '-1'::integer) AND (priority <= 1)))
);
-- CREATE INDEX schedules_due ON public.schedules USING btree (next_at) WHERE (next_at IS NOT NULL);
-- row level security: on, forced
-- policy schedules_engine for all to tenon_engine using (true) with check (true)
-- policy schedules_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app
-- grant select, update to tenon_engine

create table schema_migrations (
  version integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null default now(),
  constraint schema_migrations_pkey PRIMARY KEY (version)
);
-- row level security: off

create table workers (
  id text collate "C" not null,
  seen_at timestamp with time zone not null default clock_timestamp(),
  constraint workers_pkey PRIMARY KEY (id)
);
-- row level security: off
-- grant select to tenon_app
-- grant delete, insert, select, update to tenon_engine
