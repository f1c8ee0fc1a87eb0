import pg from 'pg'

import { TenonError } from '../../kernel/tenon-error.ts'

export const DATABASE = 'tenon'
const MISSING_DATABASE = '3D000'

export function serverUrl(port: number, password: string, database: string): string {
  return `postgresql://postgres:${password}@127.0.0.1:${port}/${database}`
}

/** Runs statements on a connection of their own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3000, query_timeout: 30_000 })
  client.on('error', () => {}) // a connection that breaks also fails the query that waits on it
  try {
    await client.connect()
    return await work(client)
  } finally {
    // The connection is given up, however it ends.
    await client.end().catch(() => {})
  }
}

/** Connects to our database, and makes it when it isn't there yet. */
export async function ensureDatabase(port: number, password: string): Promise<void> {
  const probe = () => withClient(serverUrl(port, password, DATABASE), (client) => client.query('select 1'))
  try {
    await probe()
  } catch (error) {
    if (sqlState(error) !== MISSING_DATABASE) throw unusable(error)
    await withClient(serverUrl(port, password, 'postgres'), (client) => client.query(`create database ${DATABASE}`))
    await probe()
  }
}

/** The SQLSTATE of a PostgreSQL error, the code of a network error, or an empty string. */
export function sqlState(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function unusable(cause: unknown): TenonError {
  return new TenonError('postgres_unavailable', { details: { reason: sqlState(cause) || 'no answer' }, cause })
}
