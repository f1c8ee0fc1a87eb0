import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { ERRORS } from '../../contract/errors.ts'
import { PACKAGE_ROOT, type Config } from '../config.ts'
import { fail, ok, warn, type Finding } from './finding.ts'

const NEEDED_VERSION = 15
/** Roles that the API and the workers act as; the migrations make them. */
const ROLES = ['tenon_app', 'tenon_auth', 'tenon_engine', 'tenon_keeper', 'tenon_queue']
const TIMEOUT_MS = 5_000

type Urls = Pick<Config, 'databaseUrl' | 'migrationDatabaseUrl'>

/** The database itself, then what the migrations have made of it. */
export async function databaseFindings({ databaseUrl, migrationDatabaseUrl = databaseUrl }: Urls): Promise<Finding[]> {
  if (databaseUrl === undefined) return [ok('database', 'embedded PostgreSQL, brought by `start`')]
  const asNode = await asked(databaseUrl, async (client) => {
    const version = await versionOf(client)
    if (Number.parseInt(version, 10) < NEEDED_VERSION)
      return [fail('database', `PostgreSQL ${version}`, `Tenon needs PostgreSQL ${NEEDED_VERSION} or later.`)]
    return [ok('database', `PostgreSQL ${version}`), await rolesFinding(client)]
  })
  if (asNode === null) return [unreachable('database', 'DATABASE_URL')]
  const asOwner = await asked(migrationDatabaseUrl ?? databaseUrl, migrationsFinding)
  return [...asNode, asOwner ?? unreachable('migrations', 'TENON_MIGRATION_DATABASE_URL')]
}

function unreachable(check: string, variable: string): Finding {
  return fail(check, `${variable} does not answer`, ERRORS.database_unreachable.recovery)
}

/** Null when there is no answer. */
async function asked<T>(url: string, question: (client: pg.Client) => Promise<T>): Promise<T | null> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: TIMEOUT_MS,
    query_timeout: TIMEOUT_MS,
    application_name: 'tenon doctor',
  })
  client.on('error', () => {}) // a connection that breaks also fails the query that waits on it
  try {
    await client.connect()
    return await question(client)
  } catch {
    // No answer is all that the finding says of it.
    return null
  } finally {
    // It may never have been connected.
    await client.end().catch(() => {})
  }
}

async function versionOf(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version")
  return rows[0]?.version ?? '0'
}

async function migrationsFinding(client: pg.Client): Promise<Finding> {
  const check = 'migrations'
  const known = readdirSync(join(PACKAGE_ROOT, 'db/migrations')).filter((name) => /^\d{4}_\w+\.sql$/.test(name)).length
  const { rows } = await client.query<{ visible: boolean | null }>(
    "select has_table_privilege(to_regclass('schema_migrations'), 'select') as visible",
  )
  const visible = rows[0]?.visible ?? null
  if (visible === null) return warn(check, `none of ${known} applied`, 'Run `tenon migrate` before the nodes start.')
  if (!visible)
    return warn(
      check,
      'this role may not see them',
      'Name the role that owns the database in TENON_MIGRATION_DATABASE_URL.',
    )
  const applied = await newestApplied(client)
  if (applied > known)
    return fail(
      check,
      `the database has ${applied}, this release ${known}`,
      'Bring this installation to the newer release.',
    )
  return applied < known
    ? warn(check, `${known - applied} of ${known} pending`, 'Run `tenon migrate` before the new nodes start.')
    : ok(check, `all ${known} applied`)
}

async function newestApplied(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ newest: number }>(
    'select coalesce(max(version), 0) as newest from schema_migrations',
  )
  return rows[0]?.newest ?? 0
}

async function rolesFinding(client: pg.Client): Promise<Finding> {
  const { rows } = await client.query<{ name: string }>(
    "select rolname as name from pg_roles where rolname = any($1) and pg_has_role(current_user, oid, 'member')",
    [ROLES],
  )
  const may = new Set(rows.map(({ name }) => name))
  const missing = ROLES.filter((name) => !may.has(name))
  return missing.length === 0
    ? ok('roles', ROLES.join(', '))
    : fail(
        'roles',
        `the role of DATABASE_URL may not act as ${missing.join(', ')}`,
        'Grant it these roles as their owner, or run `tenon migrate` as the role that owns the database.',
      )
}
