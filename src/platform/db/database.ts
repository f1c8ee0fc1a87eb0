import { callbackify } from 'node:util'
import pg from 'pg'
import { isId, type OrgId } from '../../contract/ids.ts'
import type { TenantOf } from '../../kernel/call-ctx.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Sql, Statement } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { tracedInside } from '../../kernel/trace.ts'
import { mapDatabaseError } from './database-error.ts'
import { lend, type LentPool } from './lent-pool.ts'
import { createListener, type Heard, type Listener } from './listener.ts'
import { TenantQuery } from './tenant-query.ts'

/** The roles that queries run as; each reaches only the tables that it needs. */
const ROLES = {
  app: 'tenon_app',
  auth: 'tenon_auth',
  engine: 'tenon_engine',
  keeper: 'tenon_keeper',
  accounts: 'tenon_accounts',
  reconciler: 'tenon_reconciler',
  billing: 'tenon_billing',
} as const
export type CrossTenantRole = 'auth' | 'engine' | 'keeper' | 'reconciler' | 'accounts' | 'billing'

/** A transaction of the engine, which may do a part of its work as a tenant. */
export interface EngineTransaction extends Sql {
  /** What fails in it is undone, and the transaction goes on. */
  attempt<T>(work: () => Promise<T>): Promise<T>
  asTenant<T>(org: OrgId, work: (sql: Sql) => Promise<T>): Promise<T>
}

export interface Database {
  /**
   * The database as one organisation sees it: `read` scopes each query in one round trip, `write` is one transaction
   * (thrown means rolled back).
   */
  readonly tenant: TenantOf
  /** The same over connections of its own and with a short deadline: for what every call waits on. */
  readonly urgent: TenantOf
  /** One transaction over organisations, as a role of its own. */
  cross<T>(role: CrossTenantRole, work: (sql: EngineTransaction) => Promise<T>): Promise<T>
  /** Single statements of the role that knows people: what every call of a person waits on. */
  readonly accounts: Sql
  /** Single statements of the role of authentication. */
  readonly auth: Sql
  /** Its connections, for a library that brings its own SQL. */
  lendAccounts(): LentPool
  /** Hears what is notified on a channel, as the role of authentication. */
  listen(channel: string, heard: Heard): Listener
  /** @throws TenonError `unavailable` */
  ping(): Promise<void>
  /** The connections of this process by the pool that they are in, as they are now. */
  connections(): readonly PoolConnections[]
  close(): Promise<void>
}

export interface PoolConnections {
  readonly pool: string
  readonly busy: number
  readonly idle: number
  /** Queries that wait for a connection. */
  readonly waiting: number
}

export interface DatabaseOptions {
  readonly url: string
  readonly log: Log
  /** Connections for the API's own work; default 10. */
  readonly poolSize?: number
}

const TIMEOUT_MS = 30_000
/** For what every call waits on. */
const URGENT_MS = 5_000
/** A process that is halted in the middle of a transaction keeps its locks for so long; nothing is waited for in one. */
const IDLE_MS = 10_000
/** The locks of the engine keep every worker waiting. */
const ENGINE_IDLE_MS = 5_000

export function openDatabase({ url, log, poolSize = 10 }: DatabaseOptions): Database {
  const pools = {
    app: openPool('app', { url, log, max: poolSize, deadlineMs: TIMEOUT_MS + 5_000 }),
    urgent: openPool('app', { url, log, max: 4, deadlineMs: URGENT_MS, durable: false }),
    auth: openPool('auth', { url, log, max: 4, deadlineMs: URGENT_MS }),
    engine: openPool('engine', { url, log, max: 4, deadlineMs: TIMEOUT_MS + 5_000, idleMs: ENGINE_IDLE_MS }),
    keeper: openPool('keeper', { url, log, max: 1, deadlineMs: TIMEOUT_MS + 5_000 }),
    accounts: openPool('accounts', { url, log, max: 4, deadlineMs: URGENT_MS }),
    billing: openPool('billing', { url, log, max: 4, deadlineMs: URGENT_MS }),
    reconciler: openPool('reconciler', { url, log, max: 2, deadlineMs: TIMEOUT_MS + 5_000 }),
  }
  const tenantOn =
    (pool: pg.Pool): TenantOf =>
    (org) => {
      const id = checked(org)
      return {
        read: { run: (statement, params) => inSpan(statement, () => readAs(pool, id, statement, params)) },
        write: (work) => transaction(pool, `begin; select set_config('app.org_id', '${id}', true)`, work),
      }
    }
  return {
    tenant: tenantOn(pools.app),
    urgent: tenantOn(pools.urgent),
    cross: (role, work) =>
      transaction(pools[role], 'begin', (sql, client) =>
        work({
          ...sql,
          asTenant: (org, inner) => enterTenant(client, role, checked(org), sql, inner),
          attempt: (inner) => attempt(client, inner),
        }),
      ),
    accounts: singly(pools.accounts),
    auth: singly(pools.auth),
    lendAccounts: () => lend(pools.accounts),
    listen: (channel, heard) =>
      createListener(
        { connectionString: withoutOptions(url), options: `-c role=${ROLES.auth}`, application_name: 'tenon listen' },
        { channel, heard, log },
      ),
    ping: async () => {
      await pools.app.query('select 1').catch((cause: unknown) => Promise.reject(mapDatabaseError(cause)))
    },
    connections: () =>
      Object.entries(pools).map(([pool, { totalCount, idleCount, waitingCount }]) => ({
        pool,
        busy: totalCount - idleCount,
        idle: idleCount,
        waiting: waitingCount,
      })),
    close: async () => {
      await Promise.all(Object.values(pools).map((pool) => pool.end()))
    },
  }
}

interface PoolOptions {
  readonly url: string
  readonly max: number
  readonly log: Log
  /** After so long without an answer the connection is given up. */
  readonly deadlineMs: number
  /** A transaction that does nothing for so long is ended by the server. */
  readonly idleMs?: number
  /** False for counts of calls: of those, a crash of PostgreSQL may take the last moments, and nobody waits for the disk. */
  readonly durable?: boolean
}

function openPool(role: keyof typeof ROLES, options: PoolOptions): pg.Pool {
  const { url, max, log, deadlineMs, idleMs = IDLE_MS, durable = true } = options
  const pool = new pg.Pool({
    connectionString: withoutOptions(url),
    max,
    verify: (client, done) => callbackify(() => verifyRole(client, ROLES[role]))((error) => done(error ?? undefined)),
    options: `-c role=${ROLES[role]} -c statement_timeout=${TIMEOUT_MS} -c idle_in_transaction_session_timeout=${idleMs} -c timezone=UTC${durable ? '' : ' -c synchronous_commit=off'}`,
    application_name: `tenon ${role}`,
    connectionTimeoutMillis: Math.min(deadlineMs, 10_000),
    // A server that is gone without a word answers neither query nor its timeout.
    query_timeout: deadlineMs,
    keepAlive: true,
    idleTimeoutMillis: 30_000,
    types: { getTypeParser: typeParser },
  })
  // A connection that breaks while it is in use fails its query and says so once more: without a listener, to the process.
  pool.on('connect', (client) => client.on('error', () => {}))
  // An idle one is replaced by the pool.
  pool.on('error', (error) => log.warn({ err: error, pool: role }, 'a database connection broke'))
  return pool
}

/** Options in the address would win over ours, and with them the role of the login user. */
function withoutOptions(url: string): string {
  const address = new URL(url)
  address.searchParams.delete('options')
  return address.href
}

/** A pooler may drop the start options without a word: better no connection than one of the login user. */
async function verifyRole(client: pg.PoolClient, role: string): Promise<void> {
  const { rows } = await client.query<{ name: string }>('select current_user::text as name')
  if (rows[0]?.name !== role) throw new Error(`a database connection does not have the role ${role}`)
}

async function readAs<P extends object, R extends object>(
  pool: pg.Pool,
  org: string,
  statement: Statement<P, R>,
  params: P,
): Promise<R[]> {
  const client = await pool.connect().catch((cause: unknown) => Promise.reject(mapDatabaseError(cause)))
  let broken: Error | undefined
  let query: TenantQuery | undefined
  try {
    const rows = await new Promise<unknown[][]>((resolve, reject) => {
      const callback = (error: Error | null, result: { rows: unknown[][]; fields: pg.FieldDef[] }): void =>
        error ? reject(error) : resolve(toObjects(result) as unknown as unknown[][])
      query = new TenantQuery(org, {
        ...queryOf(statement, params),
        callback,
        types: { getTypeParser: typeParser },
      })
      client.query(query as unknown as pg.Submittable)
    })
    return rows as unknown as R[]
  } catch (cause) {
    const mapped = mapDatabaseError(cause)
    if (isConnectionLoss(mapped) || query?.isFirst === true) broken = mapped
    throw mapped
  } finally {
    client.release(broken)
  }
}

async function transaction<T>(
  pool: pg.Pool,
  begin: string,
  work: (sql: Sql, client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect().catch((cause: unknown) => Promise.reject(mapDatabaseError(cause)))
  let broken: Error | undefined
  try {
    await client.query(begin)
    const result = await work(sqlOf(client), client)
    // PostgreSQL answers ROLLBACK when an error inside was caught and passed over.
    const { command } = await client.query('commit')
    if (command !== 'COMMIT') throw new Error('the transaction was rolled back after an error that was passed over')
    return result
  } catch (thrown) {
    const mapped = mapDatabaseError(thrown)
    // A connection that does not answer is closed, which undoes the transaction as well.
    if (isConnectionLoss(mapped)) broken = mapped
    else await client.query('rollback').catch((error: Error) => (broken = error))
    throw mapped
  } finally {
    client.release(broken)
  }
}

/** Each statement by itself, on whichever connection is free. */
function singly(pool: pg.Pool): Sql {
  return {
    run: async (statement, params) => {
      const client = await pool.connect().catch((cause: unknown) => Promise.reject(mapDatabaseError(cause)))
      let broken: Error | undefined
      try {
        return await sqlOf(client).run(statement, params)
      } catch (thrown) {
        if (thrown instanceof TenonError && isConnectionLoss(thrown)) broken = thrown
        throw thrown
      } finally {
        client.release(broken)
      }
    },
  }
}

function sqlOf(client: pg.PoolClient): Sql {
  return {
    run: (statement, params) =>
      inSpan(statement, async () => {
        try {
          return toObjects(await client.query({ ...queryOf(statement, params) })) as never
        } catch (cause) {
          throw mapDatabaseError(cause)
        }
      }),
  }
}

const SPAN = { kind: 'client', attributes: { 'db.system.name': 'postgresql' } } as const

/** By its name alone: parameters are inputs. */
function inSpan<R>(statement: { readonly name: string }, run: () => Promise<R[]>): Promise<R[]> {
  return tracedInside(statement.name === '' ? 'unnamed statement' : statement.name, SPAN, async (span) => {
    const rows = await run()
    span.set({ 'db.response.returned_rows': rows.length })
    return rows
  })
}

async function enterTenant<T>(
  client: pg.PoolClient,
  role: CrossTenantRole,
  org: string,
  sql: Sql,
  work: (sql: Sql) => Promise<T>,
): Promise<T> {
  await client.query(`set local role ${ROLES.app}; select set_config('app.org_id', '${org}', true)`)
  const leave = () => client.query(`set local role ${ROLES[role]}; select set_config('app.org_id', '', true)`)
  const result = await work(sql).catch(async (thrown: unknown) => {
    // After an error of PostgreSQL itself nothing more can be said in this transaction.
    await leave().catch(() => {})
    throw thrown
  })
  await leave()
  return result
}

async function attempt<T>(client: pg.PoolClient, work: () => Promise<T>): Promise<T> {
  await client.query('savepoint attempt')
  try {
    const result = await work()
    await client.query('release savepoint attempt')
    return result
  } catch (thrown) {
    // The role and the organisation that were set inside are undone with the rest.
    await client.query('rollback to savepoint attempt')
    throw thrown
  }
}

function queryOf<P extends object, R extends object>(
  statement: Statement<P, R>,
  params: P,
): { name?: string; text: string; values: unknown[]; rowMode: 'array' } {
  return {
    ...(statement.name === '' ? {} : { name: statement.name }),
    text: statement.text,
    values: statement.params.map((param) => params[param]),
    rowMode: 'array',
  }
}

const camelNames = new Map<string, string>()

function toObjects({
  rows,
  fields,
}: {
  rows: unknown[][]
  fields: readonly { name: string }[]
}): Record<string, unknown>[] {
  const names = fields.map(({ name }) => {
    let camel = camelNames.get(name)
    if (camel === undefined)
      camelNames.set(name, (camel = name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())))
    return camel
  })
  return rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))
}

const INT8 = 20
const TIMESTAMPTZ = 1184

function typeParser(oid: number, format?: 'text' | 'binary'): (value: never) => unknown {
  if (oid === TIMESTAMPTZ) return (value: string) => new Date(value).toISOString()
  if (oid === INT8) return safeNumber
  const parsers: { getTypeParser(oid: number, format?: string): (value: never) => unknown } = pg.types
  return parsers.getTypeParser(oid, format)
}

function safeNumber(value: string): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new Error('a bigint is too large for a number')
  return number
}

/** It stands in SQL text where no parameter can, so it must be what it says. */
function checked(org: OrgId): string {
  if (!isId('org', org)) throw new Error('this is not the id of an organisation')
  return org
}

function isConnectionLoss(error: Error): error is TenonError {
  return error instanceof TenonError && error.code === 'unavailable'
}
