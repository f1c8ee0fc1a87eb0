-- The role of people, which 0013 makes as well: they depend on each other in nothing else.
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

-- People who sign in elsewhere: whom an issuer's subject stands for here. It belongs to no organisation, as a person does not.
create table issuer_identities (
  connection text collate "C" not null,
  subject text collate "C" not null,
  user_id text collate "C" not null unique,
  claimed_at timestamptz not null default clock_timestamp(),
  -- When the user was made; until then whoever comes makes it.
  made_at timestamptz,
  primary key (connection, subject)
);
grant select, insert, update on issuer_identities to tenon_accounts;

-- Tokens, and sessions at the issuer, that were taken back before their end.
create table revoked_tokens (
  connection text collate "C" not null,
  jti text collate "C" not null,
  revoked_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  primary key (connection, jti)
);
create index revoked_tokens_expired on revoked_tokens (expires_at);
grant select, insert on revoked_tokens to tenon_accounts;
grant update (expires_at) on revoked_tokens to tenon_accounts;
grant select, delete on revoked_tokens to tenon_keeper;

-- Counts revocations: while it stands still, what was found out of tokens is true.
create table revocation_epoch (
  one boolean primary key default true check (one),
  epoch bigint not null
);
insert into revocation_epoch (epoch) values (0);
grant select on revocation_epoch to tenon_accounts;

create function tenon_count_revocations() returns trigger
language plpgsql security definer set search_path = pg_catalog, public as $$
begin
  update public.revocation_epoch set epoch = epoch + 1;
  return null;
end
$$;
-- Deferred to the commit, so that its one row is locked for no longer than that.
create constraint trigger revoked_tokens_counted after insert on revoked_tokens
  deferrable initially deferred for each row execute function tenon_count_revocations();
