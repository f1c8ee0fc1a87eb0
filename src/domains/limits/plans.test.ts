import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT_KEY, startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import type { onboardOrganization } from '../../contract/identity.ts'
import { getLimits, setLimits } from '../../contract/limits.ts'
import type { OrgId } from '../../contract/ids.ts'
import { largerPlan, PLANS, type PlanName } from '../../contract/plans.ts'
import { closeLimits, lowerUsage, orgsForMonthlyCredits, raiseUsage, setSubscribedPlan } from './index.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.close())

const call = (operation: typeof setLimits | typeof onboardOrganization, params: object, body: object) =>
  node.caller.call(operation, {
    credentials: { rootKey: ROOT_KEY },
    input: { params: { ...params }, query: {}, body: { ...body } },
    requestId: 'request-of-the-operator',
    signal: new AbortController().signal,
    address: '192.0.2.1',
  })

/** As the operator makes it, on the plan that costs nothing. */
async function free(slug: string): Promise<TestOrg & { id: OrgId }> {
  const org = await node.onboard(slug)
  await call(setLimits, { org: slug }, { plan: 'free' })
  const [row] = await node.database.query<{ org_id: OrgId }>('select org_id from organizations where slug = $1', [slug])
  if (row === undefined) throw new Error('no organisation')
  // The node has heard of it.
  await waitFor(async () => (await org.call(getLimits, {})).plan === 'free', 5_000)
  return { ...org, id: row.org_id }
}

const subscribe = (org: OrgId, plan: PlanName | null): Promise<PlanName> =>
  node.database.db.tenant(org).write((sql) => setSubscribedPlan(sql, org, plan))

describe('the plan in force', () => {
  it('is the larger of two', () => {
    expect(largerPlan('free', null)).toBe('free')
    expect(largerPlan('free', 'team')).toBe('team')
    expect(largerPlan('team', 'solo')).toBe('team')
    expect(largerPlan('solo', 'solo')).toBe('solo')
    const sizes = Object.values(PLANS).map(({ callsPerDay }) => callsPerDay)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
  })

  it('follows a subscription at once, up and down, and never below what the operator has given', async () => {
    const org = await free('subscriber')
    expect(await org.call(getLimits, {})).toMatchObject({
      plan: 'free',
      operatorPlan: 'free',
      subscribedPlan: null,
      creditsPerMonth: 100,
      over: [],
      limits: { seats: 1, integrations: 2, repositories: 10 },
    })
    expect(await subscribe(org.id, 'team')).toBe('team')
    await waitFor(async () => (await org.call(getLimits, {})).plan === 'team', 2_000)
    expect(await org.call(getLimits, {})).toMatchObject({
      operatorPlan: 'free',
      subscribedPlan: 'team',
      creditsPerMonth: 50_000,
      limits: { seats: 25, integrations: 50, repositories: 500 },
    })
    await call(setLimits, { org: org.slug }, { plan: 'solo' })
    expect(await subscribe(org.id, null)).toBe('solo')
    await waitFor(async () => (await org.call(getLimits, {})).subscribedPlan === null, 2_000)
    expect(await org.call(getLimits, {})).toMatchObject({ plan: 'solo', limits: { seats: 3 } })
  })

  it('is what calls are held to on a node that knew the smaller one', async () => {
    const org = await free('admitted')
    const allowed = async (): Promise<number> => {
      const outcome = await org.call(getLimits, {})
      return outcome.limits.callsPerHour
    }
    expect(await allowed()).toBe(1_000)
    const [before] = await node.database.query<{ epoch: string }>('select epoch from auth_epoch')
    await subscribe(org.id, 'solo')
    await waitFor(async () => (await allowed()) === 5_000, 2_000)
    const [after] = await node.database.query<{ epoch: string }>('select epoch from auth_epoch')
    expect(Number(after?.epoch)).toBe(Number(before?.epoch) + 1)
    // The same again changes nothing, and makes no node forget.
    await subscribe(org.id, 'solo')
    const [again] = await node.database.query<{ epoch: string }>('select epoch from auth_epoch')
    expect(again).toEqual(after)
  })
})

describe('after a smaller plan', () => {
  it('all stays that is there, what is over is named, and nothing is added', async () => {
    const org = await free('shrunk')
    await subscribe(org.id, 'solo')
    const { db } = node.database
    const take = (plan: PlanName) =>
      db.tenant(org.id).write((sql) => raiseUsage(sql, org.id, 'seats', { ...PLANS[plan] }))
    await take('solo')
    await take('solo')
    await take('solo')
    await expect(take('solo')).rejects.toMatchObject({
      code: 'quota_exceeded',
      details: { quota: 'seats', limit: 3 },
    })
    await subscribe(org.id, null)
    expect(await org.call(getLimits, {})).toMatchObject({ used: { seats: 3 }, over: ['seats'] })
    await expect(take('free')).rejects.toMatchObject({ code: 'quota_exceeded', details: { quota: 'seats', limit: 1 } })
    await db.tenant(org.id).write((sql) => lowerUsage(sql, org.id, 'seats', 2))
    expect(await org.call(getLimits, {})).toMatchObject({ used: { seats: 1 }, over: [] })
  })
})

describe('closing', () => {
  it('refuses whoever has waited for it, on whatever limits they knew', async () => {
    const org = await free('closing')
    const { db } = node.database
    const start = () => db.tenant(org.id).write((sql) => raiseUsage(sql, org.id, 'concurrentRuns', { ...PLANS.team }))
    const waits = async (): Promise<boolean> => {
      const blocked = await node.database.query(
        "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      )
      return blocked.length > 0
    }
    let started: Promise<unknown> | undefined
    await db.tenant(org.id).write(async (sql) => {
      expect(await closeLimits(sql, org.id)).toEqual({ runs: 0 })
      started = start().catch((error: unknown) => error)
      await waitFor(waits, 5_000)
    })
    expect(await started).toMatchObject({ code: 'quota_exceeded', details: { quota: 'concurrentRuns' } })
    const found: OrgId[] = []
    for await (const { org: id } of orgsForMonthlyCredits(db)) found.push(id)
    expect(found).not.toContain(org.id)
  })

  it('counts what has not ended', async () => {
    const org = await free('running')
    const { db } = node.database
    const { limits } = await org.call(getLimits, {})
    await db.tenant(org.id).write((sql) => raiseUsage(sql, org.id, 'concurrentRuns', limits))
    expect(await db.tenant(org.id).write((sql) => closeLimits(sql, org.id))).toEqual({ runs: 1 })
  })
})

describe('seats and integrations', () => {
  it('can be set in place of those of the plan, and are given back to it', async () => {
    const org = await free('overridden-seats')
    const set = await call(setLimits, { org: org.slug }, { seats: 40, integrations: 0 })
    expect(set).toMatchObject({
      ok: true,
      envelope: { data: { overridden: ['integrations', 'seats'], limits: { seats: 40, integrations: 0 } } },
    })
    const back = await call(setLimits, { org: org.slug }, { seats: null, integrations: null })
    expect(back).toMatchObject({ envelope: { data: { overridden: [], limits: { seats: 1, integrations: 2 } } } })
    for (const seats of [-1, 1.5, 3e9])
      expect(await call(setLimits, { org: org.slug }, { seats })).toMatchObject({ code: 'validation_failed' })
  })
})

describe('credits of the month', () => {
  it('are for every organisation whose plan is not the one that it pays for', async () => {
    const [one, two, three] = [await free('monthly'), await free('paying'), await free('given-and-paying')]
    await subscribe(two.id, 'team')
    // What it pays for is less than what it was given, and takes nothing of that away.
    await call(setLimits, { org: three.slug }, { plan: 'team' })
    await subscribe(three.id, 'solo')
    const found = new Map<OrgId, number>()
    for await (const { org, creditsPerMonth } of orgsForMonthlyCredits(node.database.db)) {
      expect(found.has(org)).toBe(false)
      found.set(org, creditsPerMonth)
    }
    expect(found.get(one.id)).toBe(100)
    expect(found.has(two.id)).toBe(false)
    expect(found.get(three.id)).toBe(50_000)
  })
})
