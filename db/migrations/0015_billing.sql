-- Billing: whose customer at Stripe an organisation is, its subscriptions as last fetched, and the inbox of Stripe's events.
do $$
begin
  begin
    create role tenon_billing nologin;
  exception when duplicate_object or unique_violation then
    null;
  end;
  begin
    grant tenon_billing to current_user;
  exception when others then
    if not pg_has_role(current_user, 'tenon_billing', 'member') then raise; end if;
  end;
end
$$;
grant usage on schema public to tenon_billing;

create table billing_accounts (
  org_id text collate "C" primary key references organizations (org_id) on delete cascade,
  -- Null once the customer was deleted at Stripe; the next checkout makes another.
  customer_id text collate "C" unique,
  -- Raised when a sync begins: what an earlier one has fetched is not written any more.
  fence bigint not null default 0,
  sync_state text not null default 'synced' check (sync_state in ('synced', 'pending', 'failed')),
  sync_error text,
  sync_tries int not null default 0,
  synced_at timestamptz,
  -- When a worker takes up a sync that was begun and has not held yet.
  next_sync_at timestamptz,
  created_at timestamptz not null default clock_timestamp()
);
create index billing_accounts_due on billing_accounts (next_sync_at) where next_sync_at is not null;

create table billing_subscriptions (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  subscription_id text collate "C" not null,
  status text collate "C" not null,
  price_id text collate "C",
  -- Of the allow-list when it was fetched; null when the price is not on it.
  plan text collate "C",
  period_end timestamptz,
  cancel_at_period_end boolean not null,
  -- At Stripe.
  created_at timestamptz not null,
  primary key (org_id, subscription_id)
);

-- Each event once, for every organisation: Stripe sends to the installation.
create table stripe_events (
  id text collate "C" primary key,
  type text collate "C" not null,
  api_version text,
  livemode boolean not null,
  created_at timestamptz not null,
  object_id text collate "C",
  customer_id text collate "C",
  -- Once it is known whose it is.
  org_id text collate "C",
  state text collate "C" not null default 'received' check (state in ('received', 'done', 'parked', 'failed')),
  reason text,
  tries int not null default 0,
  -- Raised by each claim: what a former claim has found out is not written any more.
  claim int not null default 0,
  -- When a worker may take it, and while one has it, until when; null when it is settled.
  next_try_at timestamptz default clock_timestamp(),
  received_at timestamptz not null default clock_timestamp(),
  handled_at timestamptz,
  -- When mails were queued because of it: once, however often it is applied.
  told_at timestamptz,
  -- As it was received; forgotten after 30 days.
  payload text
);
create index stripe_events_due on stripe_events (next_try_at) where next_try_at is not null;
create index stripe_events_by_age on stripe_events (received_at, id);
create index stripe_events_by_state on stripe_events (state, received_at, id) where state in ('parked', 'failed');
create index stripe_events_with_payload on stripe_events (received_at) where payload is not null;

do $$
declare
  name text;
begin
  foreach name in array array['billing_accounts', 'billing_subscriptions'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
  end loop;
end
$$;
grant select, insert, update, delete on billing_accounts, billing_subscriptions to tenon_app;

-- Finds the organisation of a customer, and the syncs that are due.
create policy billing_accounts_billing on billing_accounts to tenon_billing using (true) with check (true);
grant select, update (next_sync_at) on billing_accounts to tenon_billing;

alter table stripe_events enable row level security;
alter table stripe_events force row level security;
create policy stripe_events_billing on stripe_events to tenon_billing using (true) with check (true);
grant select, insert, update on stripe_events to tenon_billing;
