import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import type { OrgId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import { statement, type Sql } from '../../kernel/statement.ts'

/** No statement here names an organisation: row-level security alone keeps them apart. */
const rows = statement<object, { orgId: OrgId; key: string }>(
  'test.rows',
  'select org_id, key from idempotency_records order by key',
)
const rowsUnnamed = statement<object, { orgId: OrgId; key: string }>('', rows.text)
const count = statement<object, { orgId: OrgId; used: number }>(
  'test.count',
  "update org_usage set used = used + 1 where quota = 'test' returning org_id, used",
)
const divide = statement<{ by: number }, { n: number }>('test.divideInterleaved', 'select 1 / :by::int as n')
const unknown = statement<object>('test.unknownInterleaved', 'select nothing_such from idempotency_records')
/** As a role that crosses organisations. */
const everybody = statement<object, { orgId: OrgId }>('test.everybody', 'select org_id from organizations')
const counts = statement<object, { orgId: OrgId }>('test.counts', "select org_id from org_usage where quota = 'test'")

const place = statement<object, { role: string; org: string }>(
  'test.place',
  "select current_user::text as role, coalesce(current_setting('app.org_id', true), '') as org",
)

const TRANSACTIONS = 20_000
const AT_ONCE = 24
const ORGS = Array.from({ length: 5 }, () => newId('org'))
/** So many rows has each, and no other as many: whoever sees those of another sees it by the number, too. */
const rowsOf = (org: OrgId): string[] => Array.from({ length: ORGS.indexOf(org) + 2 }, (_, i) => `${org} ${i}`)

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase({ poolSize: 2 })
  for (const org of ORGS) {
    await test.query('insert into organizations values ($1, $1, $1, now())', [org])
    await test.query("insert into org_usage values ($1, 'test', 'epoch', 0)", [org])
    await test.query(
      `insert into idempotency_records (org_id, key, operation, request_sha256, sealed)
       select $1, key, 'test', '', false from unnest($2::text[]) as key`,
      [org, rowsOf(org)],
    )
  }
})
afterAll(() => test.close())

class Abort extends Error {}

/** What was seen that should not have been. */
const wrong: string[] = []
/** Counts that were committed. */
const committed = new Map(ORGS.map((org) => [org, 0]))

function note(what: string, seen: readonly { orgId: OrgId }[], expected: readonly OrgId[]): void {
  const owners = seen.map(({ orgId }) => orgId)
  if (owners.join() !== expected.join()) wrong.push(`${what}: saw ${owners.join()} for ${expected.join()}`)
}

/** Between two parts as a tenant, and at the beginning, a role that crosses organisations is in none. */
async function lookOver(role: 'auth' | 'engine', sql: Sql): Promise<void> {
  const [at] = await sql.run(place, {})
  if (at?.role !== `tenon_${role}` || at.org !== '') wrong.push(`${role}: is ${JSON.stringify(at)}`)
  note(role, sorted(await sql.run(role === 'auth' ? everybody : counts, {})), ORGS.toSorted())
}

async function look(sql: Sql, org: OrgId, random: Random): Promise<void> {
  const seen = await sql.run(random(2) === 0 ? rows : rowsUnnamed, {})
  note('rows', seen, Array<OrgId>(seen.length).fill(org))
  if (seen.map(({ key }) => key).join() !== rowsOf(org).join()) wrong.push(`rows: not those of ${org}`)
}

/** Raises the count of whatever organisations it reaches, and looks, with others running in between. */
async function lookAndCount(sql: Sql, org: OrgId, random: Random): Promise<void> {
  if (random(2) === 0) await look(sql, org, random)
  if (random(3) === 0) await turn()
  note('count', await sql.run(count, {}), [org])
  if (random(3) === 0) await turn()
  await look(sql, org, random)
}

/** It has to fail as it was meant to. */
async function fails(work: Promise<unknown>, how: RegExp): Promise<void> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof Error) || !how.test(error.message)) wrong.push(`expected ${how}: ${String(error)}`)
}

/** By one of the two ways, which have connections of their own. */
function tenant(org: OrgId, random: Random): ReturnType<TestDatabase['db']['tenant']> {
  return random(4) === 0 ? test.db.urgent(org) : test.db.tenant(org)
}

type Kind = (org: OrgId, random: Random) => Promise<void>

/** Its connection is given up, so it is rare. */
const RARE = 'read that can not be parsed'
const RARE_EVERY = 500

const KINDS: Readonly<Record<string, Kind>> = {
  read: (org, random) => look(tenant(org, random).read, org, random),

  write: async (org, random) => {
    await tenant(org, random).write((sql) => lookAndCount(sql, org, random))
    committed.set(org, (committed.get(org) ?? 0) + 1)
  },

  'read that fails': (org, random) => fails(tenant(org, random).read.run(divide, { by: 0 }), /division by zero/),

  'write that throws': (org, random) => {
    const work = async (sql: Sql): Promise<void> => {
      await lookAndCount(sql, org, random)
      throw new Abort('thrown')
    }
    return fails(tenant(org, random).write(work), /^thrown$/)
  },

  'write whose statement fails': (org, random) => {
    const work = async (sql: Sql): Promise<void> => {
      await lookAndCount(sql, org, random)
      await sql.run(divide, { by: 0 })
    }
    return fails(tenant(org, random).write(work), /division by zero/)
  },

  'write that passes over the error of a statement': (org, random) => {
    const work = async (sql: Sql): Promise<void> => {
      await lookAndCount(sql, org, random)
      await sql.run(divide, { by: 0 }).catch(() => {})
    }
    return fails(tenant(org, random).write(work), /passed over/)
  },

  engine: async (org, random) => {
    const [first = org, second = org] = [org, pick(ORGS, random)].toSorted()
    const counted = await test.db.cross('engine', async (sql) => {
      if (random(2) === 0) await lookOver('engine', sql)
      await sql.asTenant(first, (inner) => lookAndCount(inner, first, random))
      if (random(2) === 0) await lookOver('engine', sql)
      const thrown = random(3) === 0
      const work = async (inner: Sql): Promise<void> => {
        await look(inner, second, random)
        if (thrown) throw new Abort('as a tenant')
      }
      // After an error of ours the transaction goes on as the engine.
      if (thrown) await fails(sql.asTenant(second, work), /^as a tenant$/)
      else await sql.asTenant(second, work)
      await lookOver('engine', sql)
      return first
    })
    committed.set(counted, (committed.get(counted) ?? 0) + 1)
  },

  'engine whose tenant fails': (org, random) => {
    const work = test.db.cross('engine', (sql) =>
      sql.asTenant(org, async (inner) => {
        await lookAndCount(inner, org, random)
        await inner.run(divide, { by: 0 })
      }),
    )
    return fails(work, /division by zero/)
  },

  [RARE]: (org, random) => fails(tenant(org, random).read.run(unknown, {}), /nothing_such/),

  auth: async (org, random) => {
    await test.db.cross('auth', async (sql) => {
      if (random(2) === 0) await lookOver('auth', sql)
      await sql.asTenant(org, (inner) => look(inner, org, random))
      await lookOver('auth', sql)
    })
  },
}

describe('tenants on few connections', () => {
  it(`never see, change or keep anything of each other in ${TRANSACTIONS} interleaved transactions`, async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const usual = Object.keys(KINDS).filter((kind) => kind !== RARE)
    const done = new Map<string, number>()
    let begun = 0
    const client = async (n: number): Promise<void> => {
      const random = generator(seed + n)
      while (begun < TRANSACTIONS) {
        begun += 1
        const kind = begun % RARE_EVERY === 0 ? RARE : pick(usual, random)
        await KINDS[kind]?.(pick(ORGS, random), random)
        done.set(kind, (done.get(kind) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => client(n)))

    expect([seed, wrong.slice(0, 10)]).toEqual([seed, []])
    expect([...done.values()].reduce((sum, n) => sum + n, 0)).toBe(TRANSACTIONS)
    expect(done.size).toBe(Object.keys(KINDS).length)
    // What was undone has left nothing, and what was committed has reached its own organisation alone.
    const used = await test.query<{ org_id: OrgId; used: number }>(
      "select org_id, used from org_usage where quota = 'test'",
    )
    expect(new Map(used.map((row) => [row.org_id, row.used]))).toEqual(committed)
  }, 120_000)
})

type Random = (below: number) => number

/** mulberry32: a failure can be run again with its seed. */
function generator(seed: number): Random {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) % below
  }
}

function pick<T>(from: readonly T[], random: Random): T {
  const chosen = from[random(from.length)]
  if (chosen === undefined) throw new Error('there is nothing to choose from')
  return chosen
}

function sorted(seen: readonly { orgId: OrgId }[]): { orgId: OrgId }[] {
  return seen.toSorted((a, b) => (a.orgId < b.orgId ? -1 : 1))
}
