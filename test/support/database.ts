import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import pg from 'pg'
import { inject } from 'vitest'
import type { Log } from '../../src/kernel/ctx.ts'
import { migrate, openDatabase, type Database } from '../../src/platform/db/index.ts'
import { codeJobNames } from '../../src/pipelines/code/index.ts'
import { mailJobNames } from '../../src/platform/mail/index.ts'
import { installQueue } from '../../src/platform/queue/index.ts'

const TEMPLATE = 'tenon_template'
const LOCK = 7_420_002
const MIGRATIONS = fileURLToPath(new URL('../../db/migrations', import.meta.url))

const nothing = (): void => {}
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, child: () => silentLog }

export interface TestDatabase {
  readonly url: string
  readonly db: Database
  /** As the owner, past row-level security. */
  query<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** What a query finds after some statements, which are undone. */
  afterwards<Row extends pg.QueryResultRow>(statements: string, query: string): Promise<Row[]>
  close(): Promise<void>
}

/** A migrated database of its own, copied from a template that the first test of a run makes. */
export async function createTestDatabase(options: { readonly poolSize?: number } = {}): Promise<TestDatabase> {
  const server = inject('postgresUrl')
  const name = `test_${randomBytes(8).toString('hex')}`
  await asOwner(server, async (client) => {
    await client.query('select pg_advisory_lock($1)', [LOCK])
    const { rowCount } = await client.query('select from pg_database where datname = $1', [TEMPLATE])
    if (rowCount === 0) {
      const unfinished = `${TEMPLATE}_unfinished`
      await client.query(`drop database if exists ${unfinished}`)
      await client.query(`create database ${unfinished}`)
      await migrate({
        url: urlOf(server, unfinished),
        dir: MIGRATIONS,
        after: (owner) => installQueue(owner, [...codeJobNames, ...mailJobNames]),
      })
      await client.query(`alter database ${unfinished} rename to ${TEMPLATE}`)
    }
    await client.query(`create database ${name} template ${TEMPLATE}`)
  })
  const url = urlOf(server, name)
  const owner = new pg.Pool({ connectionString: url, max: 2 })
  owner.on('error', nothing)
  const db = openDatabase({ url, log: silentLog, ...options })
  return {
    url,
    db,
    query: async (text, values) => (await owner.query(text, values)).rows,
    afterwards: (statements, query) =>
      asOwner(url, async (client) => {
        await client.query(`begin; ${statements}`)
        return (await client.query(query)).rows
      }),
    async close() {
      await Promise.all([db.close(), owner.end()])
      await asOwner(server, (client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server)
  url.pathname = `/${database}`
  return url.href
}

async function asOwner<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
