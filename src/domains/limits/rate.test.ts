import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../test/support/database.ts'
import { PLANS, type Limits } from '../../contract/plans.ts'
import type { KeyActor, OrgRef } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import type { Limiter } from '../../kernel/limiter.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { openDatabase, type Database } from '../../platform/db/index.ts'
import { createRateLimiter } from './index.ts'

const NODES = 4
const CLIENTS = 64
let test: TestDatabase
let databases: Database[]
let nodes: Limiter[]

beforeAll(async () => {
  test = await createTestDatabase()
  databases = Array.from({ length: NODES }, () => openDatabase({ url: test.url, log: silentLog, poolSize: 4 }))
  nodes = databases.map((db) => createRateLimiter(db))
})
afterAll(async () => {
  await Promise.all(databases.map((db) => db.close()))
  await test.close()
})

async function organization(limits: Partial<Limits>): Promise<OrgRef> {
  const id = newId('org')
  await test.query('insert into organizations (org_id, slug, name, created_at) values ($1, $2, $2, now())', [
    id,
    id.slice(4, 30),
  ])
  return { id, slug: 'a', plan: 'free', limits: { ...PLANS.free, ...limits } }
}

const keyOf = (name: string, callsPerHour: number | null = null): KeyActor => ({
  kind: 'key',
  id: `key_${name}`,
  lineage: `key_${name}`,
  callsPerHour,
  expiresAt: null,
})

/** How many of `calls` were let through, by clients that each wait for their answer, spread over all nodes. */
async function admitted(org: OrgRef, keys: readonly KeyActor[], calls: number): Promise<number[]> {
  const counts = keys.map(() => 0)
  const client = async (n: number): Promise<void> => {
    const which = n % keys.length
    for (let call = n; call < calls; call += CLIENTS) {
      const key = keys[which] ?? keyOf('none')
      const granted = await nodes[n % NODES]?.take({ kind: 'org', org, key }).then(
        () => true,
        (error: unknown) => {
          if (error instanceof TenonError && error.code === 'rate_limited') return false
          throw error
        },
      )
      if (granted === true) counts[which] = (counts[which] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, n) => client(n)))
  return counts
}

const sum = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0)

/** The limits are those of the database's hours: a test that meets the turn of one begins anew. */
async function withinOneHour<T>(work: () => Promise<T>): Promise<T> {
  const hour = async () => (await test.query<{ hour: Date }>("select date_trunc('hour', now()) as hour"))[0]?.hour
  const before = await hour()
  const result = await work()
  return String(await hour()) === String(before) ? result : work()
}

describe('calls of an organisation', () => {
  it('are let through exactly as often as the limit says, by 64 clients on 4 nodes that want ten times as much', async () => {
    const count = await withinOneHour(async () =>
      admitted(await organization({ callsPerHour: 300 }), [keyOf('k')], 3_000),
    )
    expect(count).toEqual([300])
  })

  it('stop at the limit of the day when that comes first', async () => {
    const org = await organization({ callsPerHour: 1_000, callsPerDay: 150 })
    expect(await admitted(org, [keyOf('k')], 500)).toEqual([150])
  })

  it('of a key with a limit of its own stay within it, and count for the organisation', async () => {
    const counts = await withinOneHour(async () =>
      admitted(await organization({ callsPerHour: 200 }), [keyOf('small', 40), keyOf('large')], 4_000),
    )
    expect(counts[0]).toBeLessThanOrEqual(40)
    expect(sum(counts)).toBe(200)
    const alone = await withinOneHour(async () =>
      admitted(await organization({ callsPerHour: 200 }), [keyOf('alone', 40)], 400),
    )
    expect(alone).toEqual([40])
  })

  it('with both keys of a rotation share one limit', async () => {
    const old = keyOf('line', 60)
    const counts = await withinOneHour(async () =>
      admitted(await organization({ callsPerHour: 1_000 }), [old, { ...old, id: 'key_newer' }], 1_200),
    )
    expect(sum(counts)).toBe(60)
  })

  it('begin anew with the next hour, but not with the next day', async () => {
    const org = await organization({ callsPerHour: 50, callsPerDay: 80 })
    expect(await admitted(org, [keyOf('k')], 200)).toEqual([50])
    await test.query("update rate_windows set hour = hour - interval '1 hour' where org_id = $1", [org.id])
    const fresh = createRateLimiter(test.db)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, () => fresh.take({ kind: 'org', org, key: keyOf('k') })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(30)
  })

  it('are told where they stand, and when to come again', async () => {
    const org = await organization({ callsPerHour: 2, callsPerDay: 100 })
    const take = () => nodes[0]?.take({ kind: 'org', org, key: keyOf('k') })
    const first = await take()
    expect(first).toMatchObject({ limit: 2, remaining: 1 })
    expect(first?.resetSeconds).toBeGreaterThan(0)
    expect(first?.resetSeconds).toBeLessThanOrEqual(3_600)
    expect(first?.policy).toEqual([
      { name: 'hour', limit: 2, windowSeconds: 3_600 },
      { name: 'day', limit: 100, windowSeconds: 86_400 },
    ])
    await take()
    const refused = await take()?.catch((error: unknown) => error)
    expect(refused).toMatchObject({ code: 'rate_limited', details: { window: 'hour', limit: 2 } })
    const { retryAfterSeconds } = (refused as TenonError).details as { retryAfterSeconds: number }
    expect(retryAfterSeconds).toBeGreaterThanOrEqual(1)
    expect(retryAfterSeconds).toBeLessThanOrEqual(3_600)
  })

  it('are let through at once when the limit is raised', async () => {
    const org = await organization({ callsPerHour: 1 })
    expect(await admitted(org, [keyOf('k')], 20)).toEqual([1])
    const raised = { ...org, limits: { ...org.limits, callsPerHour: 5 } }
    expect(await admitted(raised, [keyOf('k')], 20)).toEqual([4])
  })
})

describe('calls without an organisation', () => {
  it('are let through by address, exactly over all nodes', async () => {
    const caller = { kind: 'anonymous', address: '192.0.2.7' } as const
    const outcomes = await Promise.allSettled(
      Array.from({ length: 500 }, async (_, n) => nodes[n % NODES]?.take(caller)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(300)
    await expect(nodes[0]?.take({ ...caller, address: '192.0.2.8' })).resolves.toMatchObject({ limit: 300 })
  })

  it('by which a person signs in are limited by account, from however many addresses', async () => {
    const attempt = async (n: number) => nodes[n % NODES]?.take({ kind: 'signInAccount', account: 'a@example.org' })
    const outcomes = await Promise.allSettled(Array.from({ length: 40 }, (_, n) => attempt(n)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    const rows = await test.query<{ subject: string }>('select subject from caller_windows')
    expect(rows.some(({ subject }) => subject.includes('example.org'))).toBe(false)
  })
})
