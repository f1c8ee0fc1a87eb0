import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import { statement, type Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import * as credits from './index.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase({ poolSize: 16 })
})
afterAll(() => test.close())

const look = statement<object, { one: number }>('', 'select 1 as one')

/** How callers reach the ledger: by statements of their own, or as a part of a transaction that goes on after it. */
const WAYS: readonly (readonly [string, (org: OrgId, work: (sql: Sql) => Promise<unknown>) => Promise<unknown>])[] = [
  ['statements of their own', (org, work) => work(test.db.tenant(org).read)],
  [
    'transactions',
    (org, work) =>
      test.db.tenant(org).write(async (sql) => {
        const answer = await work(sql)
        await sql.run(look, {})
        return answer
      }),
  ],
]

async function makeOrg(amount: number): Promise<OrgId> {
  const org = newId('org')
  const text = 'insert into organizations (org_id, slug, name, created_at) values ($1, $2, $2, now())'
  await test.query(text, [org, org.replaceAll('_', '-')])
  const grant = { kind: 'pack', source: 'a pack', amount, expiresAt: null } as const
  await test.db.tenant(org).write((sql) => credits.grantCredits(sql, org, grant))
  return org
}

const times = <T>(count: number, work: (n: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, n) => work(n)))
const codeOf = (error: unknown): string => (error instanceof TenonError ? error.code : String(error))
const balance = (org: OrgId) => credits.balanceOf(test.db.tenant(org).read, org)
const drift = (org: OrgId) => credits.creditDrift(test.db.tenant(org).read, org)
const entries = async (org: OrgId, kind: string): Promise<number> =>
  (await test.query('select from credit_entries where org_id = $1 and kind = $2', [org, kind])).length

describe.each(WAYS)('16 clients at once, with %s', (_, as) => {
  it('reserve once for each of 50 keys that all of them send, without an error', async () => {
    const org = await makeOrg(10_000)
    const runs = Array.from({ length: 50 }, () => newId('run'))
    await times(16, async () => {
      for (const run of runs) await as(org, (sql) => credits.reserveCredits(sql, org, { run, amount: 3 }))
    })
    expect(await balance(org)).toEqual({ available: 9_850, reserved: 150 })
    expect(await entries(org, 'reserve')).toBe(50)
    expect(await drift(org)).toEqual([])
  })

  it('capture once for each key, never more than what is reserved', async () => {
    const org = await makeOrg(1_000)
    const run = newId('run')
    await as(org, (sql) => credits.reserveCredits(sql, org, { run, amount: 100 }))
    const settled = await times(16, async (n) => {
      let done = 0
      for (let i = 0; i < 20; i++) {
        const key = n % 2 === 0 ? `same ${i}` : `own ${n} ${i}`
        if ((await as(org, (sql) => credits.settleCredits(sql, org, { run, key, captured: 2, released: 1 }))) === true)
          done += 1
      }
      return done
    })
    expect(settled.reduce((sum, one) => sum + one)).toBeGreaterThanOrEqual(33)
    expect(await entries(org, 'capture')).toBe(33)
    expect(await balance(org)).toEqual({ available: 933, reserved: 1 })
    expect(await drift(org)).toEqual([])
  })

  it('never reserve more than there is', async () => {
    const org = await makeOrg(100)
    const outcomes = await times(16, async () => {
      const all: string[] = []
      for (let i = 0; i < 4; i++) {
        const reserved = as(org, (sql) => credits.reserveCredits(sql, org, { run: newId('run'), amount: 7 }))
        all.push(await reserved.then(() => 'done', codeOf))
      }
      return all
    })
    expect(outcomes.flat().toSorted()).toEqual([
      ...Array<string>(14).fill('done'),
      ...Array<string>(50).fill('insufficient_credits'),
    ])
    expect(await balance(org)).toEqual({ available: 2, reserved: 98 })
    expect(await drift(org)).toEqual([])
  })

  it('grant, revoke and refund once for each key', async () => {
    const org = await makeOrg(50)
    const run = newId('run')
    await as(org, (sql) => credits.reserveCredits(sql, org, { run, amount: 50 }))
    await as(org, (sql) => credits.settleCredits(sql, org, { run, key: 'all', captured: 50, released: 0 }))
    const grant = { kind: 'plan', source: 'an invoice', amount: 40, expiresAt: null } as const
    const granted = await times(16, () => as(org, (sql) => credits.grantCredits(sql, org, grant)))
    expect(granted.filter((one) => (one as { granted: boolean }).granted)).toHaveLength(1)
    const revoked = await times(16, () =>
      as(org, (sql) => credits.revokeGrant(sql, org, { source: 'an invoice', key: 're_1', amount: 30 })),
    )
    expect(revoked).toEqual(Array.from({ length: 16 }, () => ({ revoked: 30, short: 0 })))
    await times(16, () =>
      as(org, (sql) => credits.refundCredits(sql, org, { run, key: 'once', amount: 20, reason: 'a test' })),
    )
    expect(await balance(org)).toEqual({ available: 30, reserved: 0 })
    expect(await drift(org)).toEqual([])
  })
})

describe('clients that do everything at once', () => {
  it('leave balances that are the sum of the ledger, while grants expire', async () => {
    const org = await makeOrg(500)
    const runs: RunId[] = Array.from({ length: 6 }, () => newId('run'))
    const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)] as T
    const found: unknown[] = []
    await times(12, async (n) => {
      const [, as] = pick(WAYS)
      for (let i = 0; i < 40; i++) {
        const run = pick(runs)
        const key = `${n % 6} ${i}`
        const acts: readonly ((sql: Sql) => Promise<unknown>)[] = [
          (sql) => credits.reserveCredits(sql, org, { run, key, amount: 1 + (i % 20) }),
          (sql) => credits.reserveCredits(sql, org, { run, key, amount: 1 + (i % 20) }),
          (sql) => credits.settleCredits(sql, org, { run, key, captured: i % 7, released: i % 3 }),
          (sql) => credits.settleCredits(sql, org, { run, key, captured: i % 7, released: i % 3 }),
          (sql) => credits.releaseRest(sql, org, { run, key: 'end', capture: 2 }),
          (sql) =>
            credits.grantCredits(sql, org, {
              kind: 'pack',
              source: key,
              amount: 1 + i,
              expiresAt: i % 3 === 0 ? null : new Date(Date.now() + i * 20),
            }),
          (sql) => credits.revokeGrant(sql, org, { source: `${n % 6} ${i - 1}`, key, amount: null }),
          (sql) => credits.refundCredits(sql, org, { run, key, amount: 1, reason: 'a test' }),
          (sql) => credits.expireCredits(sql, org),
        ]
        const act = pick(acts)
        const refused = await as(org, act).then(() => undefined, codeOf)
        if (refused !== undefined && !/^(?:insufficient_credits|refund_exceeds_charge|not_found)$/.test(refused))
          found.push(refused)
        found.push(...(await drift(org)))
      }
    })
    expect(found).toEqual([])
    const { available, reserved } = await balance(org)
    expect(available).toBeGreaterThanOrEqual(0)
    expect(reserved).toBeGreaterThanOrEqual(0)
  }, 60_000)
})
