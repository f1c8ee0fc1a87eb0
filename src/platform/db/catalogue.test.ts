import { globSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import type { Statement } from '../../kernel/statement.ts'

/** Each with its reason. */
const NO_TENANT_TABLE = [
  'schema_migrations', // says which migrations ran
  'auth_epoch', // one number, which says that some cached key or limit has changed
  'workers', // processes of this installation, which work for everybody
  'orphans', // stand for what belongs to no organisation
  'reconcile_lease', // one row: who compares all organisations with Stripe
  'caller_windows', // counts calls of those who have no organisation, by address
  'users', // people, who may belong to several organisations or none; for the role of accounts alone, as the next five
  'user_sessions',
  'user_accounts',
  'verifications',
  'two_factors',
  'mails', // to people; every role may put one in, and only that of accounts reads them
  'issuer_identities', // people who sign in elsewhere, who belong to no organisation; for the role of accounts alone
  'revoked_tokens', // of them
  'revocation_epoch', // one number, which says that a token was revoked
  'stripe_events', // what Stripe sends to the installation; for the role of billing alone
]
const NOT_BY_ORG = [
  'api_keys_secret_sha256_key', // the look-up of a key across organisations; a 256-bit digest can not be guessed
  'organizations_slug_key', // a slug is unique in all of Tenon; only the role of authentication inserts organisations
  'invitations_token_sha256_key', // whose invitation a token is, across organisations; a 256-bit digest can not be guessed
  'onboardings_idempotency_key_key', // of the operator, whose calls belong to no organisation
  'billing_accounts_customer_id_key', // a customer at Stripe belongs to one organisation; an event names nothing else
]
/** Statements that cross organisations, for the role that runs them. */
const CROSS_TENANT = new RegExp(
  '^(?:engine\\.|members\\.(?:ofUser|entrances|usersWithout)$|invitations\\.(?:byToken|orgsWithExpired)$|stripe\\.|billing\\.(?:orgOfCustomer|claimDueSyncs)$|accounts\\.|issuers\\.|mail\\.|identity\\.(?:keyByDigest|findOrganizations?|touchKeys|epoch|orgIds|takeClosing|deleteClosedOrganizations|.*Onboarding.*)$' +
    '|limits\\.(?:takeCallerPermit|deleteEndedWindows|plans)$|idempotency\\.deleteExpired$|orphans\\.|reconcile\\.(?:now|takeLease|leaveLease)$|activity\\.|alerts\\.(?:takeDue|deleteOld)$|credits\\.(?:usedByHour|expiring|forgotten|without)$|code\\.dueRebuilds$|queue\\.countJobs$)',
)

/** One row per violation. */
const CHECKS = `
  with tables as (
    select c.oid, c.relname, c.relowner, c.relrowsecurity, c.relforcerowsecurity from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname <> all ($1::text[]))
  select 'no forced row security' as rule, relname::text as name from tables
    where not (relrowsecurity and relforcerowsecurity)
  union all select 'no policy', relname from tables t where not exists (select from pg_policy p where p.polrelid = t.oid)
  union all select 'no org_id', relname from tables t where not exists
    (select from pg_attribute a where a.attrelid = t.oid and a.attname = 'org_id' and a.attnotnull)
  union all select 'unique not by org_id', i.indexrelid::regclass::text from pg_index i join tables t on t.oid = i.indrelid
    where i.indisunique and i.indexrelid::regclass::text <> all ($2::text[])
    and i.indkey[0] is distinct from (select attnum from pg_attribute where attrelid = t.oid and attname = 'org_id')
  union all select 'foreign key not by org_id', k.conname from pg_constraint k join tables t on t.oid = k.conrelid
    where k.contype = 'f'
    and k.conkey[1] is distinct from (select attnum from pg_attribute where attrelid = t.oid and attname = 'org_id')
  union all select 'open to the app role', p.polname from pg_policy p join tables t on t.oid = p.polrelid
    where (p.polroles && array[0::oid, 'tenon_app'::regrole::oid])
    and (coalesce(pg_get_expr(p.polqual, t.oid), '') not like '%current_setting(''app.org_id''%'
      or (p.polcmd <> 'r' and coalesce(pg_get_expr(p.polwithcheck, t.oid), '') not like '%current_setting(''app.org_id''%'))
  union all select 'definer function', proname from pg_proc where pronamespace = 'public'::regnamespace and prosecdef
    and not coalesce(array_to_string(proconfig, ','), '') like '%search_path=%'
  union all select 'view of its owner', relname from pg_class where relnamespace = 'public'::regnamespace
    and relkind in ('v', 'm') and not coalesce(reloptions::text, '') like '%security_invoker=true%'
  union all select 'role with power', rolname from pg_roles
    where rolname like 'tenon\\_%' and (rolbypassrls or rolsuper or rolcanlogin)
  union all select 'owned by a role of Tenon', relname from tables
    where relowner::regrole::text in ('tenon_app', 'tenon_auth', 'tenon_engine', 'tenon_queue', 'tenon_keeper', 'tenon_accounts', 'tenon_reconciler', 'tenon_billing')
  union all select 'truncate', t.relname || ' by ' || r.rolname from tables t, pg_roles r
    where r.rolname in ('tenon_app', 'tenon_auth', 'tenon_engine', 'tenon_queue', 'tenon_keeper', 'tenon_accounts', 'tenon_reconciler', 'tenon_billing')
    and has_table_privilege(r.oid, t.oid, 'truncate')`

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
})
afterAll(() => test.close())

const violations = () => test.query<{ rule: string; name: string }>(CHECKS, [NO_TENANT_TABLE, NOT_BY_ORG])

const PLANTED: Record<string, string> = {
  'no forced row security': 'alter table api_keys no force row level security',
  'no policy': 'create table planted (org_id text primary key); alter table planted enable row level security',
  'no org_id': 'create table planted (id text primary key)',
  'unique not by org_id': 'create unique index planted on api_keys (name)',
  'foreign key not by org_id':
    'alter table api_keys add constraint planted foreign key (name) references organizations (slug)',
  'open to the app role': 'create policy planted on api_keys for select to tenon_app using (true)',
  'definer function': "create function planted() returns int language sql security definer as 'select 1'",
  'view of its owner': 'create view planted as select * from api_keys',
  'owned by a role of Tenon': 'alter table api_keys owner to tenon_app',
  truncate: 'grant truncate on api_keys to tenon_app',
}

describe('the catalogue', () => {
  it('keeps organisations apart', async () => {
    expect(await violations()).toEqual([])
  })

  for (const [rule, sql] of Object.entries(PLANTED)) {
    it(`would show a planted violation: ${rule}`, async () => {
      const found = await violationsInside(sql)
      expect(found.map((violation) => violation.rule)).toContain(rule)
    })
  }
})

/** In one connection and one transaction, which is undone. */
async function violationsInside(sql: string): Promise<{ rule: string; name: string }[]> {
  const literal = (names: string[]): string => `array[${names.map((name) => `'${name}'`).join()}]::text[]`
  const checks = CHECKS.replaceAll('$1', literal(NO_TENANT_TABLE)).replaceAll('$2', literal(NOT_BY_ORG))
  return test.afterwards(sql, checks)
}

describe('every statement', async () => {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const files = globSync('src/**/*.sql.ts', { cwd: root })
  const modules = await Promise.all(files.map((file) => import(`${root}${file}`) as Promise<Record<string, unknown>>))
  const statements = modules.flatMap((module) => Object.values(module).filter(isStatement))

  it('has a name of its own', () => {
    expect(statements.length).toBeGreaterThan(5)
    const names = statements.map(({ name }) => name)
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([])
  })

  for (const { name, text, params } of statements) {
    it(`${name} can be prepared, and names the organisation`, async () => {
      await test.query(`prepare "${name}" as ${text}`)
      expect(CROSS_TENANT.test(name) || params.includes('org')).toBe(true)
    })
  }
})

function isStatement(value: unknown): value is Statement<Record<string, unknown>, object> {
  return typeof value === 'object' && value !== null && 'text' in value && 'params' in value && 'name' in value
}
