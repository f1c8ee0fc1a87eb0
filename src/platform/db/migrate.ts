import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { TenonError } from '../../kernel/tenon-error.ts'
import { codeOf } from './database-error.ts'

interface Migration {
  readonly version: number
  readonly name: string
  readonly text: string
  readonly checksum: string
}

/** Of the session's lock that lets one migrator at a time work on a database. */
const LOCK = 7_420_001

/**
 * Applies the numbered files of a folder that a database does not have yet, all in one transaction: whoever starts
 * first does it, the others wait and find it done. `after` runs under the same lock. Answers the names of those applied.
 *
 * @throws TenonError `database_unreachable`, `migration_failed` (a released file was changed, the database is of a
 * newer release, or a statement failed; nothing is kept).
 */
export async function migrate(options: {
  url: string
  dir: string
  after?: (client: pg.Client) => Promise<void>
}): Promise<string[]> {
  const migrations = readMigrations(options.dir)
  const client = new pg.Client({
    connectionString: options.url,
    connectionTimeoutMillis: 10_000,
    application_name: 'tenon migrate',
  })
  client.on('error', () => {}) // a connection that breaks also fails the query that waits on it
  await client.connect().catch((cause: unknown) => {
    throw new TenonError('database_unreachable', { details: { reason: codeOf(cause) || 'no answer' }, cause })
  })
  try {
    await client.query(`select pg_advisory_lock(${LOCK})`)
    await client.query('begin')
    const applied = await applyAll(client, migrations)
    await client.query('commit')
    await options.after?.(client)
    return applied
  } catch (thrown) {
    // What is thrown is the first error; without a connection all is undone anyway.
    await client.query('rollback').catch(() => {})
    if (thrown instanceof TenonError) throw thrown
    throw new TenonError('migration_failed', {
      details: { reason: `SQLSTATE ${codeOf(thrown) || 'unknown'}` },
      cause: thrown,
    })
  } finally {
    await client.end()
  }
}

async function applyAll(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  await client.query(`create table if not exists schema_migrations (
    version int primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`)
  const { rows } = await client.query<{ version: number; checksum: string }>(
    'select version, checksum from schema_migrations order by version',
  )
  const newest = migrations.at(-1)?.version ?? 0
  const beyond = rows.find(({ version }) => version > newest)
  if (beyond)
    throw new TenonError('migration_failed', {
      details: { reason: 'the database is of a newer release', version: beyond.version },
    })
  const done = new Map(rows.map(({ version, checksum }) => [version, checksum]))
  const applied: string[] = []
  for (const migration of migrations) {
    const checksum = done.get(migration.version)
    if (checksum === migration.checksum) continue
    if (checksum !== undefined)
      throw new TenonError('migration_failed', {
        details: { reason: 'a released migration was changed', migration: migration.name },
      })
    await client.query(migration.text).catch((cause: unknown) => {
      throw new TenonError('migration_failed', {
        details: { migration: migration.name, reason: `SQLSTATE ${codeOf(cause) || 'unknown'}` },
        cause,
      })
    })
    await client.query('insert into schema_migrations (version, name, checksum) values ($1, $2, $3)', [
      migration.version,
      migration.name,
      migration.checksum,
    ])
    applied.push(migration.name)
  }
  return applied
}

function readMigrations(dir: string): Migration[] {
  return readdirSync(dir)
    .filter((name) => /^\d{4}_\w+\.sql$/.test(name))
    .toSorted()
    .map((name, i) => {
      const text = readFileSync(join(dir, name), 'utf8')
      const version = Number(name.slice(0, 4))
      if (version !== i + 1) throw new Error(`migration ${name} is not number ${i + 1}`)
      return { version, name, text, checksum: createHash('sha256').update(text).digest('hex') }
    })
}
