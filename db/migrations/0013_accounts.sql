-- People belong to no organisation: their tables are reached by a role of their own alone.
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

create table users (
  id text collate "C" primary key,
  -- Null for somebody whom an issuer vouches for without an address of their own.
  email text collate "C" unique check (email = lower(email)),
  email_verified boolean not null default false,
  name text not null,
  image text,
  two_factor_enabled boolean not null default false,
  created_at timestamptz not null,
  updated_at timestamptz not null
);

-- A token alone opens nothing: what people hold is signed with a secret that is not in here.
create table user_sessions (
  id text collate "C" primary key,
  user_id text collate "C" not null references users (id) on delete cascade,
  token text collate "C" not null unique,
  ip_address text,
  user_agent text,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index user_sessions_by_user on user_sessions (user_id, id);
create index user_sessions_by_end on user_sessions (expires_at);

-- Ways to sign in; `password` is a salted scrypt hash.
create table user_accounts (
  id text collate "C" primary key,
  user_id text collate "C" not null references users (id) on delete cascade,
  provider_id text collate "C" not null,
  account_id text collate "C" not null,
  password text,
  created_at timestamptz not null,
  updated_at timestamptz not null,
  unique (user_id, provider_id)
);

-- What is used once, by the SHA-256 of its name.
create table verifications (
  id text collate "C" primary key,
  identifier text collate "C" not null,
  value text not null,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  updated_at timestamptz not null
);
create index verifications_by_identifier on verifications (identifier, created_at);
create index verifications_by_end on verifications (expires_at);

-- Secret and backup codes are encrypted.
create table two_factors (
  id text collate "C" primary key,
  user_id text collate "C" not null unique references users (id) on delete cascade,
  secret text not null,
  backup_codes text not null,
  verified boolean not null default false,
  failed_verification_count int not null default 0,
  locked_until timestamptz
);

grant select, insert, update, delete
  on users, user_sessions, user_accounts, verifications, two_factors to tenon_accounts;

-- What is to be sent. The content is sealed, and wiped when it was sent.
create table mails (
  id text collate "C" primary key,
  recipient text not null,
  template text not null,
  content bytea,
  state text not null check (state in ('queued', 'sent', 'failed', 'dropped')),
  tries int not null default 0,
  created_at timestamptz not null default clock_timestamp(),
  sent_at timestamptz,
  check (content is not null or state <> 'queued')
);
create index mails_by_age on mails (created_at);
grant select, insert, update, delete on mails to tenon_accounts;
-- A mail is put into the transaction that causes it; nobody but its sender can read it.
grant insert on mails to tenon_app;
