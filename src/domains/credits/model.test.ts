import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import * as credits from './index.ts'

/**
 * A model of an account that is simple because it looks at all grants each time: what is captured comes off the grant that
 * expires soonest, and of expired ones nothing is left but what is reserved.
 */
class Model {
  grants: { source: string; amount: number; rank: number; remaining: number; over: boolean; gone: number }[] = []
  holds = new Map<RunId, { left: number; captured: number; refunded: number }>()

  get reserved(): number {
    return [...this.holds.values()].reduce((sum, { left }) => sum + left, 0)
  }
  get available(): number {
    return this.grants.reduce((sum, { remaining }) => sum + remaining, 0) - this.reserved
  }
  get sorted() {
    return this.grants.toSorted((a, b) => a.rank - b.rank)
  }
  lapse(): void {
    let held = this.reserved
    for (const grant of this.sorted) {
      const kept = Math.min(held, grant.remaining)
      held -= kept
      if (grant.over) grant.remaining = kept
    }
  }
  spend(amount: number): void {
    for (const grant of this.sorted) {
      const part = Math.min(amount, grant.remaining)
      grant.remaining -= part
      amount -= part
    }
  }
}

interface Real {
  readonly org: OrgId
  readonly as: <T>(work: (sql: Sql) => Promise<T>) => Promise<T>
  /** How many grants have expired. */
  passed: number
}
type Command = fc.AsyncCommand<Model, Real>

const DAY_MS = 86_400_000
const NEVER = 1_000_000
const run = (n: number): RunId => `run_${String(n).padStart(26, '0')}`
const refusal = (error: unknown): string => {
  if (error instanceof TenonError) return error.code
  throw error
}

const command = (text: string, act: (model: Model, real: Real) => Promise<void>): Command => ({
  check: () => true,
  run: async (model, real) => {
    await act(model, real)
    model.lapse()
    const { as, org } = real
    expect(await as((sql) => credits.balanceOf(sql, org))).toEqual({
      available: model.available,
      reserved: model.reserved,
    })
    expect(await as((sql) => credits.creditDrift(sql, org))).toEqual([])
  },
  toString: () => text,
})

const amount = fc.integer({ min: 1, max: 60 })
const part = fc.integer({ min: 0, max: 30 })
const which = fc.integer({ min: 0, max: 3 })

let owner: TestDatabase
beforeAll(async () => {
  owner = await createTestDatabase()
})
afterAll(() => owner.close())

/** The same key again: nothing happens a second time. */
async function twice(act: () => Promise<unknown>): Promise<void> {
  await act()
  await act()
}

function allCommands() {
  return [
    fc.tuple(amount, fc.integer({ min: 1, max: 900 })).map(([given, days]) =>
      command(`grant ${given} for ${days} days`, async (model, { as, org }) => {
        const never = days > 700
        // No two expire at the same moment.
        const rank = never ? NEVER + model.grants.length : days * 1_000 + model.grants.length
        const source = `source ${model.grants.length}`
        const expiresAt = never ? null : new Date(Date.now() + days * DAY_MS + model.grants.length * 60_000)
        await twice(() =>
          as((sql) => credits.grantCredits(sql, org, { kind: 'pack', source, amount: given, expiresAt })),
        )
        model.grants.push({ source, amount: given, rank, remaining: given, over: false, gone: 0 })
      }),
    ),
    fc.tuple(which, amount, fc.uuid()).map(([n, wanted, key]) =>
      command(`reserve ${wanted} for ${n}`, async (model, { as, org }) => {
        const { available } = model
        const reserving = twice(() =>
          as((sql) => credits.reserveCredits(sql, org, { run: run(n), amount: wanted, key })),
        )
        expect(await reserving.then(() => 'done', refusal)).toBe(wanted > available ? 'insufficient_credits' : 'done')
        if (wanted > available) return
        const hold = model.holds.get(run(n)) ?? { left: 0, captured: 0, refunded: 0 }
        model.holds.set(run(n), { ...hold, left: hold.left + wanted })
      }),
    ),
    fc.tuple(which, part, part, fc.uuid()).map(([n, captured, released, key]) =>
      command(`capture ${captured} and release ${released} of ${n}`, async (model, { as, org }) => {
        const hold = model.holds.get(run(n))
        const fits = hold !== undefined && hold.left >= captured + released
        const settled = await as((sql) => credits.settleCredits(sql, org, { run: run(n), key, captured, released }))
        expect(settled).toBe(fits)
        if (!fits) return
        await as((sql) => credits.settleCredits(sql, org, { run: run(n), key, captured, released }))
        model.spend(captured)
        hold.left -= captured + released
        hold.captured += captured
      }),
    ),
    fc.tuple(which, part).map(([n, capture]) =>
      command(`end ${n} with ${capture}`, async (model, { as, org }) => {
        await twice(() => as((sql) => credits.releaseRest(sql, org, { run: run(n), key: 'end', capture })))
        const hold = model.holds.get(run(n))
        if (hold === undefined) return
        const captured = Math.min(hold.left, capture)
        model.spend(captured)
        hold.left = 0
        hold.captured += captured
      }),
    ),
    fc.tuple(which, amount, fc.uuid()).map(([n, wanted, key]) =>
      command(`refund ${wanted} to ${n}`, async (model, { as, org }) => {
        const hold = model.holds.get(run(n))
        const refund = twice(() =>
          as((sql) => credits.refundCredits(sql, org, { run: run(n), key, amount: wanted, reason: 'a test' })),
        )
        const refundable = (hold?.captured ?? 0) - (hold?.refunded ?? 0)
        const expected = hold === undefined ? 'not_found' : refundable < wanted ? 'refund_exceeds_charge' : 'done'
        expect(await refund.then(() => 'done', refusal)).toBe(expected)
        if (hold === undefined || expected !== 'done') return
        hold.refunded += wanted
        const rank = NEVER + model.grants.length
        model.grants.push({ source: `refund ${key}`, amount: wanted, rank, remaining: wanted, over: false, gone: 0 })
      }),
    ),
    fc.tuple(which, fc.option(amount), fc.uuid()).map(([n, wanted, key]) =>
      command(`revoke ${wanted ?? 'all'} of grant ${n}`, async (model, { as, org }) => {
        const source = `source ${n}`
        const grant = model.grants.find((one) => one.source === source)
        const { available } = model
        const first = await as((sql) => credits.revokeGrant(sql, org, { source, key, amount: wanted }))
        expect(await as((sql) => credits.revokeGrant(sql, org, { source, key, amount: wanted }))).toEqual(first)
        const revoked = grant === undefined ? 0 : Math.min(wanted ?? grant.remaining, grant.remaining, available)
        expect(first.revoked).toBe(revoked)
        if (grant !== undefined) grant.remaining -= revoked
      }),
    ),
    fc.boolean().map((written) =>
      command(written ? 'something expires and is written off' : 'something expires', async (model, real) => {
        const { as, org } = real
        const [soonest] = model.sorted.filter(({ over, rank }) => !over && rank < NEVER)
        if (soonest === undefined) return
        soonest.over = true
        // Those that have expired keep their order.
        const at = new Date(Date.UTC(2020, 0, ++real.passed))
        soonest.rank = real.passed - NEVER
        const moved = await owner.query(
          'update credit_grants set expires_at = $3 where org_id = $1 and source = $2 returning remaining',
          [org, soonest.source, at],
        )
        expect(moved).toHaveLength(1)
        await owner.query('update credit_accounts set next_expires_at = $2 where org_id = $1', [org, at])
        if (written) await as((sql) => credits.expireCredits(sql, org))
      }),
    ),
  ]
}

async function makeOrg(): Promise<OrgId> {
  const org = newId('org')
  await owner.query('insert into organizations (org_id, slug, name, created_at) values ($1, $2, $2, now())', [
    org,
    org.replaceAll('_', '-'),
  ])
  return org
}

describe('an account of credits', () => {
  for (const [how, asTenant] of [
    [
      'with statements of their own',
      (org: OrgId): Real['as'] =>
        (work) =>
          work(owner.db.tenant(org).read),
    ],
    [
      'inside transactions',
      (org: OrgId): Real['as'] =>
        (work) =>
          owner.db.tenant(org).write(work),
    ],
  ] as const) {
    it(`does what a simple model of it does, ${how}`, async () => {
      const property = fc.asyncProperty(fc.commands(allCommands(), { maxCommands: 40 }), async (given) => {
        const org = await makeOrg()
        const model = new Model()
        const as = asTenant(org)
        await fc.asyncModelRun(() => ({ model, real: { org, as, passed: 0 } }), given)
        await as((sql) => credits.expireCredits(sql, org))
        expect(await as((sql) => credits.balanceOf(sql, org))).toEqual({
          available: model.available,
          reserved: model.reserved,
        })
        const left = await owner.query<{ source: string; remaining: number }>(
          `select source, remaining::int as remaining from credit_grants
           where org_id = $1 and expires_at is not null order by expires_at`,
          [org],
        )
        expect(left).toEqual(
          model.sorted.filter(({ rank }) => rank < NEVER).map(({ source, remaining }) => ({ source, remaining })),
        )
      })
      await fc.assert(property, { numRuns: 60 })
    }, 120_000)
  }
})
