-- Credits. The account has all that decides whether credits can be reserved in its one row: who changes it, holds it.
create table credit_accounts (
  org_id text collate "C" primary key references organizations (org_id) on delete cascade,
  available bigint not null default 0 check (available >= 0),
  reserved bigint not null default 0 check (reserved >= 0),
  -- Captured, and not taken off a grant yet: that is done when the next grant comes, or one expires.
  unattributed bigint not null default 0 check (unattributed >= 0),
  -- Left of expired grants, since it was reserved when they expired.
  expired_held bigint not null default 0 check (expired_held >= 0),
  -- When the next grant expires that has something left; nothing is reserved between then and the statement that expires it.
  next_expires_at timestamptz,
  -- Entries of the ledger: the number of the newest.
  entries bigint not null default 0,
  -- Counts what has changed grants.
  changed bigint not null default 0,
  -- Captured in this month of UTC.
  month date,
  used bigint not null default 0,
  constraint credit_accounts_bounded check (available + reserved <= 9007199254740991)
) with (fillfactor = 50);
create index credit_accounts_expiring on credit_accounts (next_expires_at) where next_expires_at is not null;

create table credit_grants (
  org_id text collate "C" not null references organizations (org_id) on delete cascade,
  id text collate "C" not null,
  -- What has granted it, such as an invoice: once for ever.
  source text collate "C" not null,
  kind text not null check (kind in ('plan', 'pack', 'promotion', 'refund')),
  amount bigint not null check (amount between 1 and 1000000000),
  remaining bigint not null check (remaining >= 0),
  expired bigint not null default 0 check (expired >= 0),
  revoked bigint not null default 0 check (revoked >= 0),
  expires_at timestamptz,
  note text,
  created_at timestamptz not null default clock_timestamp(),
  primary key (org_id, id),
  unique (org_id, source),
  check (remaining + expired + revoked <= amount)
);
create index credit_grants_left on credit_grants (org_id, expires_at, id) where remaining > 0;

-- What is set aside for a run, over all its lives. It and the ledger are only written by a statement that has changed the
-- account, so they need no look at the organisation for each row: they go when the account goes.
create table credit_holds (
  org_id text collate "C" not null,
  run_id text collate "C" not null,
  amount bigint not null check (amount >= 0),
  captured bigint not null default 0 check (captured >= 0),
  released bigint not null default 0 check (released >= 0),
  refunded bigint not null default 0 check (refunded between 0 and captured),
  open boolean not null default true,
  opened_at timestamptz not null default clock_timestamp(),
  closed_at timestamptz,
  -- No run lives for so long: what is still held then is released.
  expires_at timestamptz not null default clock_timestamp() + interval '48 hours',
  primary key (org_id, run_id),
  check (captured + released <= amount)
) with (fillfactor = 70);
create index credit_holds_open on credit_holds (org_id, run_id) where open;

-- The ledger. `seq` has no gaps.
create table credit_entries (
  org_id text collate "C" not null,
  seq bigint not null,
  -- Unique for ever: what is asked for twice happens once. That of a run begins with its id, by which its entries are found.
  key text collate "C" not null,
  kind text not null check (kind in ('grant', 'reserve', 'capture', 'release', 'refund', 'expire', 'revoke')),
  d_available bigint not null,
  d_reserved bigint not null,
  available_after bigint not null check (available_after >= 0),
  reserved_after bigint not null check (reserved_after >= 0),
  run_id text collate "C",
  grant_id text collate "C",
  note text,
  -- Of what should have been revoked, what was spent already.
  short bigint not null default 0,
  at timestamptz not null default clock_timestamp(),
  primary key (org_id, seq),
  unique (org_id, key)
);

-- Entries go with their account alone, and that with its organisation.
create function tenon_keep_credit_entries() returns trigger
language plpgsql set search_path = pg_catalog, public as $$
begin
  if tg_op = 'DELETE' and pg_trigger_depth() > 1 then return old; end if;
  raise exception 'the ledger of credits only grows';
end
$$;
create trigger credit_entries_stay before update or delete on credit_entries
  for each row execute function tenon_keep_credit_entries();
create function tenon_end_credits() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  delete from public.credit_entries where org_id = old.org_id;
  delete from public.credit_holds where org_id = old.org_id;
  return null;
end
$$;
create trigger credit_accounts_end after delete on credit_accounts
  for each row execute function tenon_end_credits();
create policy credit_entries_end on credit_entries to current_user using (pg_trigger_depth() > 0);
create policy credit_holds_end on credit_holds to current_user using (pg_trigger_depth() > 0);
create trigger credit_entries_stay_all before truncate on credit_entries
  for each statement execute function tenon_keep_credit_entries();

-- Volatile, so that each call sees what is committed by then: as a condition of an update of the account it is asked again
-- when that has waited for another, and then sees what the other has written. So a repeat is never an error.
create function tenon_credit_is_new(org text, entry_key text) returns boolean
language plpgsql volatile as $$
begin
  return not exists (select from public.credit_entries e where e.org_id = org and e.key = entry_key);
end
$$;
create function tenon_credit_can_settle(org text, run text, entry_key text, wanted bigint) returns boolean
language plpgsql volatile as $$
begin
  return exists (select from public.credit_holds h
      where h.org_id = org and h.run_id = run and h.amount - h.captured - h.released >= wanted)
    and not exists (select from public.credit_entries e where e.org_id = org and e.key = entry_key);
end
$$;
create function tenon_credit_can_refund(org text, run text, entry_key text, wanted bigint) returns boolean
language plpgsql volatile as $$
begin
  return exists (select from public.credit_holds h
      where h.org_id = org and h.run_id = run and h.captured - h.refunded >= wanted)
    and not exists (select from public.credit_entries e where e.org_id = org and e.key = entry_key);
end
$$;

do $$
declare
  name text;
begin
  foreach name in array array['credit_accounts', 'credit_grants', 'credit_holds', 'credit_entries'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format(
      'create policy %I on %I to tenon_app using (org_id = (select current_setting(''app.org_id'', true))) '
      'with check (org_id = (select current_setting(''app.org_id'', true)))', name || '_tenant', name);
    -- Runs of every organisation are settled by the engine, in the transaction of their chunks.
    execute format('create policy %I on %I to tenon_engine using (true) with check (true)', name || '_engine', name);
    execute format('grant select, insert on %I to tenon_app', name);
    execute format('grant select on %I to tenon_engine', name);
  end loop;
end
$$;
-- What the engine does never grants anything.
grant insert on credit_accounts, credit_holds, credit_entries to tenon_engine;
grant update (available, reserved, unattributed, expired_held, next_expires_at, entries, changed, month, used)
  on credit_accounts to tenon_app, tenon_engine;
grant update (remaining, expired, revoked) on credit_grants to tenon_app, tenon_engine;
grant update (amount, captured, released, refunded, open, closed_at, expires_at) on credit_holds to tenon_app, tenon_engine;

-- Knows which organisations have something that expires.
create policy credit_accounts_keeper on credit_accounts for select to tenon_keeper using (true);
create policy credit_holds_keeper on credit_holds for select to tenon_keeper using (true);
create policy credit_grants_keeper on credit_grants for select to tenon_keeper using (true);
grant select on credit_accounts, credit_holds, credit_grants to tenon_keeper;

-- What a run costs, as it was when it was started; null for one that is free.
alter table runs
  add column price_run bigint check (price_run >= 0),
  add column price_chunk bigint check (price_chunk >= 0);
