-- Rendered by scripts/dump-schema.ts from the catalogue; not run by anything.

create table alerts (
  org_id text collate "C" not null,
  id text collate "C" not null,
  metric text collate "C" not null,
  hour timestamp with time zone not null,
  count bigint not null,
  threshold bigint not null,
  usual bigint not null,
  raised_at timestamp with time zone not null default clock_timestamp(),
  tries integer not null default 0,
  next_try_at timestamp with time zone,
  delivered_at timestamp with time zone,
  constraint alerts_org_id_metric_hour_key UNIQUE (org_id, metric, hour),
  constraint alerts_pkey PRIMARY KEY (org_id, id),
  constraint alerts_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE
);
-- CREATE INDEX alerts_due ON public.alerts USING btree (next_try_at) WHERE (next_try_at IS NOT NULL);
-- row level security: on, forced
-- policy alerts_reconciler for all to tenon_reconciler using (true) with check (true)
-- policy alerts_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant select to tenon_app
-- grant delete, insert, select, update to tenon_reconciler

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

create table billing_accounts (
  org_id text collate "C" not null,
  customer_id text collate "C",
  fence bigint not null default 0,
  sync_state text not null default 'synced'::text,
  sync_error text,
  sync_tries integer not null default 0,
  synced_at timestamp with time zone,
  next_sync_at timestamp with time zone,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint billing_accounts_customer_id_key UNIQUE (customer_id),
  constraint billing_accounts_pkey PRIMARY KEY (org_id),
  constraint billing_accounts_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint billing_accounts_sync_state_check CHECK ((sync_state = ANY (ARRAY['synced'::text, 'pending'::text, 'failed'::text])))
);
-- CREATE INDEX billing_accounts_due ON public.billing_accounts USING btree (next_sync_at) WHERE (next_sync_at IS NOT NULL);
-- row level security: on, forced
-- policy billing_accounts_billing for all to tenon_billing using (true) with check (true)
-- policy billing_accounts_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app
-- grant select to tenon_billing
-- grant update (next_sync_at) to tenon_billing

create table billing_subscriptions (
  org_id text collate "C" not null,
  subscription_id text collate "C" not null,
  status text collate "C" not null,
  price_id text collate "C",
  plan text collate "C",
  period_end timestamp with time zone,
  cancel_at_period_end boolean not null,
  created_at timestamp with time zone not null,
  constraint billing_subscriptions_pkey PRIMARY KEY (org_id, subscription_id),
  constraint billing_subscriptions_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE
);
-- row level security: on, forced
-- policy billing_subscriptions_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_app

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

create table credit_accounts (
  org_id text collate "C" not null,
  available bigint not null default 0,
  reserved bigint not null default 0,
  unattributed bigint not null default 0,
  expired_held bigint not null default 0,
  next_expires_at timestamp with time zone,
  entries bigint not null default 0,
  changed bigint not null default 0,
  month date,
  used bigint not null default 0,
  constraint credit_accounts_pkey PRIMARY KEY (org_id),
  constraint credit_accounts_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint credit_accounts_available_check CHECK ((available >= 0)),
  constraint credit_accounts_bounded CHECK (((available + reserved) <= '9007199254740991'::bigint)),
  constraint credit_accounts_expired_held_check CHECK ((expired_held >= 0)),
  constraint credit_accounts_reserved_check CHECK ((reserved >= 0)),
  constraint credit_accounts_unattributed_check CHECK ((unattributed >= 0))
);
-- CREATE INDEX credit_accounts_expiring ON public.credit_accounts USING btree (next_expires_at) WHERE (next_expires_at IS NOT NULL);
-- row level security: on, forced
-- policy credit_accounts_engine for all to tenon_engine using (true) with check (true)
-- policy credit_accounts_keeper for select to tenon_keeper using (true)
-- policy credit_accounts_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app
-- grant insert, select to tenon_engine
-- grant select to tenon_keeper
-- grant update (available, changed, entries, expired_held, month, next_expires_at, reserved, unattributed, used) to tenon_app
-- grant update (available, changed, entries, expired_held, month, next_expires_at, reserved, unattributed, used) to tenon_engine

create table credit_entries (
  org_id text collate "C" not null,
  seq bigint not null,
  key text collate "C" not null,
  kind text not null,
  d_available bigint not null,
  d_reserved bigint not null,
  available_after bigint not null,
  reserved_after bigint not null,
  run_id text collate "C",
  grant_id text collate "C",
  note text,
  short bigint not null default 0,
  at timestamp with time zone not null default clock_timestamp(),
  constraint credit_entries_org_id_key_key UNIQUE (org_id, key),
  constraint credit_entries_pkey PRIMARY KEY (org_id, seq),
  constraint credit_entries_available_after_check CHECK ((available_after >= 0)),
  constraint credit_entries_kind_check CHECK ((kind = ANY (ARRAY['grant'::text, 'reserve'::text, 'capture'::text, 'release'::text, 'refund'::text, 'expire'::text, 'revoke'::text]))),
  constraint credit_entries_reserved_after_check CHECK ((reserved_after >= 0))
);
-- CREATE INDEX credit_entries_by_time ON public.credit_entries USING brin (at) WITH (autosummarize='on');
-- row level security: on, forced
-- policy credit_entries_end for all to postgres using ((pg_trigger_depth() > 0))
-- policy credit_entries_engine for all to tenon_engine using (true) with check (true)
-- policy credit_entries_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app
-- grant insert, select to tenon_engine

create table credit_grants (
  org_id text collate "C" not null,
  id text collate "C" not null,
  source text collate "C" not null,
  kind text not null,
  amount bigint not null,
  remaining bigint not null,
  expired bigint not null default 0,
  revoked bigint not null default 0,
  expires_at timestamp with time zone,
  note text,
  created_at timestamp with time zone not null default clock_timestamp(),
  constraint credit_grants_org_id_source_key UNIQUE (org_id, source),
  constraint credit_grants_pkey PRIMARY KEY (org_id, id),
  constraint credit_grants_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint credit_grants_amount_check CHECK (((amount >= 1) AND (amount <= 1000000000))),
  constraint credit_grants_check CHECK ((((remaining + expired) + revoked) <= amount)),
  constraint credit_grants_expired_check CHECK ((expired >= 0)),
  constraint credit_grants_kind_check CHECK ((kind = ANY (ARRAY['plan'::text, 'pack'::text, 'promotion'::text, 'refund'::text]))),
  constraint credit_grants_remaining_check CHECK ((remaining >= 0)),
  constraint credit_grants_revoked_check CHECK ((revoked >= 0))
);
-- CREATE INDEX credit_grants_left ON public.credit_grants USING btree (org_id, expires_at, id) WHERE (remaining > 0);
-- row level security: on, forced
-- policy credit_grants_engine for all to tenon_engine using (true) with check (true)
-- policy credit_grants_keeper for select to tenon_keeper using (true)
-- policy credit_grants_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app
-- grant select to tenon_engine
-- grant select to tenon_keeper
-- grant update (expired, remaining, revoked) to tenon_app
-- grant update (expired, remaining, revoked) to tenon_engine

create table credit_holds (
  org_id text collate "C" not null,
  run_id text collate "C" not null,
  amount bigint not null,
  captured bigint not null default 0,
  released bigint not null default 0,
  refunded bigint not null default 0,
  open boolean not null default true,
  opened_at timestamp with time zone not null default clock_timestamp(),
  closed_at timestamp with time zone,
  expires_at timestamp with time zone not null default (clock_timestamp() + '48:00:00'::interval),
  constraint credit_holds_pkey PRIMARY KEY (org_id, run_id),
  constraint credit_holds_amount_check CHECK ((amount >= 0)),
  constraint credit_holds_captured_check CHECK ((captured >= 0)),
  constraint credit_holds_check CHECK (((refunded >= 0) AND (refunded <= captured))),
  constraint credit_holds_check1 CHECK (((captured + released) <= amount)),
  constraint credit_holds_released_check CHECK ((released >= 0))
);
-- CREATE INDEX credit_holds_open ON public.credit_holds USING btree (org_id, run_id) WHERE open;
-- row level security: on, forced
-- policy credit_holds_end for all to postgres using ((pg_trigger_depth() > 0))
-- policy credit_holds_engine for all to tenon_engine using (true) with check (true)
-- policy credit_holds_keeper for select to tenon_keeper using (true)
-- policy credit_holds_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select to tenon_app
-- grant insert, select to tenon_engine
-- grant select to tenon_keeper
-- grant update (amount, captured, closed_at, expires_at, open, refunded, released) to tenon_app
-- grant update (amount, captured, closed_at, expires_at, open, refunded, released) to tenon_engine

create table findings (
  org_id text collate "C" not null,
  id text collate "C" not null,
  kind text not null,
  subject text collate "C" not null,
  source text not null,
  severity text not null,
  cause text not null,
  recovery text not null,
  details jsonb not null,
  status text not null default 'open'::text,
  first_seen_at timestamp with time zone not null default clock_timestamp(),
  last_seen_at timestamp with time zone not null default clock_timestamp(),
  resolved_at timestamp with time zone,
  constraint findings_org_id_kind_subject_key UNIQUE (org_id, kind, subject),
  constraint findings_pkey PRIMARY KEY (org_id, id),
  constraint findings_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint findings_severity_check CHECK ((severity = ANY (ARRAY['critical'::text, 'high'::text, 'medium'::text, 'low'::text]))),
  constraint findings_status_check CHECK ((status = ANY (ARRAY['open'::text, 'resolved'::text, 'ignored'::text])))
);
-- row level security: on, forced
-- policy findings_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select, update to tenon_app

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

create table invitations (
  org_id text collate "C" not null,
  id text collate "C" not null,
  email text collate "C" not null,
  role text not null,
  token_sha256 bytea not null,
  invited_by text collate "C" not null,
  created_at timestamp with time zone not null,
  sent_at timestamp with time zone not null,
  expires_at timestamp with time zone not null,
  accepted_at timestamp with time zone,
  accepted_by text collate "C",
  revoked_at timestamp with time zone,
  open boolean not null default true,
  constraint invitations_token_sha256_key UNIQUE (token_sha256),
  constraint invitations_pkey PRIMARY KEY (org_id, id),
  constraint invitations_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint invitations_check CHECK (((NOT open) OR ((accepted_at IS NULL) AND (revoked_at IS NULL)))),
  constraint invitations_email_check CHECK ((email = lower(email))),
  constraint invitations_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text])))
);
-- CREATE INDEX invitations_by_end ON public.invitations USING btree (expires_at) WHERE open;
-- CREATE UNIQUE INDEX invitations_open ON public.invitations USING btree (org_id, email) WHERE open;
-- row level security: on, forced
-- policy invitations_accounts for select to tenon_accounts using (true)
-- policy invitations_keeper for select to tenon_keeper using (true)
-- policy invitations_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant select to tenon_accounts
-- grant insert, select to tenon_app
-- grant select to tenon_keeper
-- grant update (accepted_at, accepted_by, expires_at, open, revoked_at, sent_at, token_sha256) to tenon_app

create table issuer_identities (
  connection text collate "C" not null,
  subject text collate "C" not null,
  user_id text collate "C" not null,
  claimed_at timestamp with time zone not null default clock_timestamp(),
  made_at timestamp with time zone,
  constraint issuer_identities_user_id_key UNIQUE (user_id),
  constraint issuer_identities_pkey PRIMARY KEY (connection, subject)
);
-- row level security: off
-- grant insert, select, update to tenon_accounts

create table mails (
  id text collate "C" not null,
  recipient text not null,
  template text not null,
  content bytea,
  state text not null,
  tries integer not null default 0,
  created_at timestamp with time zone not null default clock_timestamp(),
  sent_at timestamp with time zone,
  constraint mails_pkey PRIMARY KEY (id),
  constraint mails_check CHECK (((content IS NOT NULL) OR (state <> 'queued'::text))),
  constraint mails_state_check CHECK ((state = ANY (ARRAY['queued'::text, 'sent'::text, 'failed'::text, 'dropped'::text])))
);
-- CREATE INDEX mails_by_age ON public.mails USING btree (created_at);
-- row level security: off
-- grant delete, insert, select, update to tenon_accounts
-- grant insert to tenon_app

create table members (
  org_id text collate "C" not null,
  user_id text collate "C" not null,
  role text not null,
  created_at timestamp(3) with time zone not null,
  invited_by text collate "C",
  constraint members_pkey PRIMARY KEY (org_id, user_id),
  constraint members_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint members_role_check CHECK ((role = ANY (ARRAY['owner'::text, 'admin'::text, 'member'::text, 'viewer'::text])))
);
-- CREATE INDEX members_by_age ON public.members USING btree (org_id, created_at, user_id);
-- CREATE INDEX members_by_user ON public.members USING btree (user_id);
-- row level security: on, forced
-- policy members_accounts for select to tenon_accounts using (true)
-- policy members_auth for select to tenon_auth using (true)
-- policy members_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant select to tenon_accounts
-- grant delete, insert, select to tenon_app
-- grant select to tenon_auth
-- grant update (role) to tenon_app

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
  tries integer not null default 0,
  person text collate "C",
  constraint onboardings_idempotency_key_key UNIQUE (idempotency_key),
  constraint onboardings_pkey PRIMARY KEY (org_id),
  constraint onboardings_state_check CHECK ((state = ANY (ARRAY['running'::text, 'done'::text, 'undone'::text, 'stuck'::text])))
);
-- CREATE INDEX onboardings_by_person ON public.onboardings USING btree (person, created_at) WHERE (person IS NOT NULL);
-- row level security: on, forced
-- policy onboardings_auth for all to tenon_auth using (true) with check (true)
-- policy onboardings_keeper for all to tenon_keeper using (true)
-- grant insert, select, update to tenon_auth
-- grant delete, select to tenon_keeper

create table org_activity (
  org_id text collate "C" not null,
  metric text collate "C" not null,
  hour timestamp with time zone not null,
  count bigint not null,
  constraint org_activity_pkey PRIMARY KEY (org_id, metric, hour),
  constraint org_activity_count_check CHECK ((count >= 0))
);
-- CREATE INDEX org_activity_by_hour ON public.org_activity USING btree (hour);
-- row level security: on, forced
-- policy org_activity_reconciler for all to tenon_reconciler using (true) with check (true)
-- policy org_activity_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant delete, insert, select, update to tenon_reconciler

create table org_limits (
  org_id text collate "C" not null,
  plan text not null,
  calls_per_hour integer,
  calls_per_day integer,
  concurrent_runs integer,
  runs_per_day integer,
  repositories integer,
  active_chunks integer,
  subscribed_plan text,
  integrations integer,
  seats integer,
  closed boolean not null default false,
  constraint org_limits_changed TRIGGER DEFERRABLE INITIALLY DEFERRED,
  constraint org_limits_pkey PRIMARY KEY (org_id),
  constraint org_limits_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint org_limits_active_chunks_check CHECK ((active_chunks >= 1)),
  constraint org_limits_calls_per_day_check CHECK ((calls_per_day >= 0)),
  constraint org_limits_calls_per_hour_check CHECK ((calls_per_hour >= 0)),
  constraint org_limits_concurrent_runs_check CHECK ((concurrent_runs >= 0)),
  constraint org_limits_integrations_check CHECK ((integrations >= 0)),
  constraint org_limits_repositories_check CHECK ((repositories >= 0)),
  constraint org_limits_runs_per_day_check CHECK ((runs_per_day >= 0)),
  constraint org_limits_seats_check CHECK ((seats >= 0))
);
-- row level security: on, forced
-- policy org_limits_auth for select to tenon_auth using (true)
-- policy org_limits_keeper for select to tenon_keeper using (true)
-- policy org_limits_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert, select, update to tenon_app
-- grant select to tenon_auth
-- grant select to tenon_keeper

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

create table organization_closings (
  org_id text collate "C" not null,
  done jsonb not null default '[]'::jsonb,
  owner text,
  ready_at timestamp with time zone not null default clock_timestamp(),
  tries integer not null default 0,
  ended_at timestamp with time zone,
  constraint organization_closings_pkey PRIMARY KEY (org_id),
  constraint organization_closings_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE
);
-- row level security: on, forced
-- policy organization_closings_auth for all to tenon_auth using (true) with check (true)
-- policy organization_closings_keeper for select to tenon_keeper using (true)
-- policy organization_closings_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant insert to tenon_app
-- grant select, update to tenon_auth
-- grant select to tenon_keeper

create table organizations (
  org_id text collate "C" not null,
  slug text collate "C" not null,
  name text not null,
  created_at timestamp with time zone not null,
  closed_at timestamp with time zone,
  constraint organizations_slug_key UNIQUE (slug),
  constraint organizations_pkey PRIMARY KEY (org_id)
);
-- row level security: on, forced
-- policy organizations_auth for select to tenon_auth using (true)
-- policy organizations_auth_make for insert to tenon_auth using () with check (true)
-- policy organizations_auth_undo for delete to tenon_auth using ((EXISTS ( SELECT
   FROM onboardings o
  WHERE ((o.org_id = organizations.org_id) AND (o.state = 'running'::text)))))
-- policy organizations_change for update to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- policy organizations_keeper for select to tenon_keeper using (true)
-- policy organizations_keeper_delete for delete to tenon_keeper using ((closed_at IS NOT NULL))
-- policy organizations_tenant for select to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
-- grant select to tenon_app
-- grant delete, insert, select to tenon_auth
-- grant delete, select to tenon_keeper
-- grant update (closed_at, name) to tenon_app

create table orphans (
  id text collate "C" not null,
  system text not null,
  kind text not null,
  reference text collate "C" not null,
  cause text not null,
  recovery text not null,
  details jsonb not null,
  status text not null default 'open'::text,
  first_seen_at timestamp with time zone not null default clock_timestamp(),
  last_seen_at timestamp with time zone not null default clock_timestamp(),
  resolved_at timestamp with time zone,
  constraint orphans_system_kind_reference_key UNIQUE (system, kind, reference),
  constraint orphans_pkey PRIMARY KEY (id),
  constraint orphans_status_check CHECK ((status = ANY (ARRAY['open'::text, 'resolved'::text])))
);
-- row level security: off
-- grant insert, select, update to tenon_reconciler

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

create table reconcile_lease (
  one boolean not null default true,
  owner text not null,
  lease_until timestamp with time zone not null,
  cursor text,
  began_at timestamp with time zone,
  ended_at timestamp with time zone,
  constraint reconcile_lease_pkey PRIMARY KEY (one),
  constraint reconcile_lease_one_check CHECK (one)
);
-- row level security: off
-- grant select, update to tenon_reconciler

create table reconciliations (
  org_id text collate "C" not null,
  state text not null,
  checked integer not null,
  found integer not null,
  repaired integer not null,
  reconciled_at timestamp with time zone not null default clock_timestamp(),
  constraint reconciliations_pkey PRIMARY KEY (org_id),
  constraint reconciliations_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint reconciliations_state_check CHECK ((state = ANY (ARRAY['synced'::text, 'pending'::text, 'failed'::text])))
);
-- row level security: on, forced
-- policy reconciliations_tenant for all to tenon_app using ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting))) with check ((org_id = ( SELECT current_setting('app.org_id'::text, true) AS current_setting)))
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

create table revocation_epoch (
  one boolean not null default true,
  epoch bigint not null,
  constraint revocation_epoch_pkey PRIMARY KEY (one),
  constraint revocation_epoch_one_check CHECK (one)
);
-- row level security: off
-- grant select to tenon_accounts

create table revoked_tokens (
  connection text collate "C" not null,
  jti text collate "C" not null,
  revoked_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone not null,
  constraint revoked_tokens_counted TRIGGER DEFERRABLE INITIALLY DEFERRED,
  constraint revoked_tokens_pkey PRIMARY KEY (connection, jti)
);
-- CREATE INDEX revoked_tokens_expired ON public.revoked_tokens USING btree (expires_at);
-- row level security: off
-- grant insert, select to tenon_accounts
-- grant delete, select to tenon_keeper
-- grant update (expires_at) to tenon_accounts

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
  price_run bigint,
  price_chunk bigint,
  constraint runs_pkey PRIMARY KEY (org_id, id),
  constraint runs_org_id_fkey FOREIGN KEY (org_id) REFERENCES organizations(org_id) ON DELETE CASCADE,
  constraint runs_active_check CHECK ((active >= 0)),
  constraint runs_max_active_check CHECK ((max_active > 0)),
  constraint runs_org_max_active_check CHECK ((org_max_active > 0)),
  constraint runs_price_chunk_check CHECK ((price_chunk >= 0)),
  constraint runs_price_run_check CHECK ((price_run >= 0)),
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

create table stripe_events (
  id text collate "C" not null,
  type text collate "C" not null,
  api_version text,
  livemode boolean not null,
  created_at timestamp with time zone not null,
  object_id text collate "C",
  customer_id text collate "C",
  org_id text collate "C",
  state text collate "C" not null default 'received'::text,
  reason text,
  tries integer not null default 0,
  claim integer not null default 0,
  next_try_at timestamp with time zone default clock_timestamp(),
  received_at timestamp with time zone not null default clock_timestamp(),
  handled_at timestamp with time zone,
  told_at timestamp with time zone,
  payload text,
  constraint stripe_events_pkey PRIMARY KEY (id),
  constraint stripe_events_state_check CHECK ((state = ANY (ARRAY['received'::text, 'done'::text, 'parked'::text, 'failed'::text])))
);
-- CREATE INDEX stripe_events_by_age ON public.stripe_events USING btree (received_at, id);
-- CREATE INDEX stripe_events_by_state ON public.stripe_events USING btree (state, received_at, id) WHERE (state = ANY (ARRAY['parked'::text, 'failed'::text]));
-- CREATE INDEX stripe_events_due ON public.stripe_events USING btree (next_try_at) WHERE (next_try_at IS NOT NULL);
-- CREATE INDEX stripe_events_with_payload ON public.stripe_events USING btree (received_at) WHERE (payload IS NOT NULL);
-- row level security: on, forced
-- policy stripe_events_billing for all to tenon_billing using (true) with check (true)
-- grant insert, select, update to tenon_billing

create table two_factors (
  id text collate "C" not null,
  user_id text collate "C" not null,
  secret text not null,
  backup_codes text not null,
  verified boolean not null default false,
  failed_verification_count integer not null default 0,
  locked_until timestamp with time zone,
  constraint two_factors_user_id_key UNIQUE (user_id),
  constraint two_factors_pkey PRIMARY KEY (id),
  constraint two_factors_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
-- row level security: off
-- grant delete, insert, select, update to tenon_accounts

create table user_accounts (
  id text collate "C" not null,
  user_id text collate "C" not null,
  provider_id text collate "C" not null,
  account_id text collate "C" not null,
  password text,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint user_accounts_user_id_provider_id_key UNIQUE (user_id, provider_id),
  constraint user_accounts_pkey PRIMARY KEY (id),
  constraint user_accounts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
-- row level security: off
-- grant delete, insert, select, update to tenon_accounts

create table user_sessions (
  id text collate "C" not null,
  user_id text collate "C" not null,
  token text collate "C" not null,
  ip_address text,
  user_agent text,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint user_sessions_token_key UNIQUE (token),
  constraint user_sessions_pkey PRIMARY KEY (id),
  constraint user_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
-- CREATE INDEX user_sessions_by_end ON public.user_sessions USING btree (expires_at);
-- CREATE INDEX user_sessions_by_user ON public.user_sessions USING btree (user_id, id);
-- row level security: off
-- grant delete, insert, select, update to tenon_accounts

create table users (
  id text collate "C" not null,
  email text collate "C",
  email_verified boolean not null default false,
  name text not null,
  image text,
  two_factor_enabled boolean not null default false,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint users_email_key UNIQUE (email),
  constraint users_pkey PRIMARY KEY (id),
  constraint users_email_check CHECK ((email = lower(email)))
);
-- row level security: off
-- grant delete, insert, select, update to tenon_accounts

create table verifications (
  id text collate "C" not null,
  identifier text collate "C" not null,
  value text not null,
  expires_at timestamp with time zone not null,
  created_at timestamp with time zone not null,
  updated_at timestamp with time zone not null,
  constraint verifications_pkey PRIMARY KEY (id)
);
-- CREATE INDEX verifications_by_end ON public.verifications USING btree (expires_at);
-- CREATE INDEX verifications_by_identifier ON public.verifications USING btree (identifier, created_at);
-- row level security: off
-- grant delete, insert, select, update to tenon_accounts

create table workers (
  id text collate "C" not null,
  seen_at timestamp with time zone not null default clock_timestamp(),
  constraint workers_pkey PRIMARY KEY (id)
);
-- row level security: off
-- grant select to tenon_app
-- grant delete, insert, select, update to tenon_engine
