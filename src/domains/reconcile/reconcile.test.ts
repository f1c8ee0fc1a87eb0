import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startBillingNode, type BillingNode } from '../../../test/support/billing.ts'
import { silentLog } from '../../../test/support/database.ts'
import { tableDigests } from '../../../test/support/table-digests.ts'
import { ROOT_KEY, type TestOrg } from '../../../test/support/node.ts'
import { ownOrg } from '../../../test/support/own-org.ts'
import { listAudit } from '../../contract/audit.ts'
import { createCheckout, getBilling } from '../../contract/billing.ts'
import { getCredits } from '../../contract/credits.ts'
import { listFindings, type Orphan } from '../../contract/findings.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import type { Operation } from '../../contract/operation.ts'
import { getReconciliation, reconcileStripe, type CheckName, type ReconcileReport } from '../../contract/reconcile.ts'
import { newId } from '../../kernel/ids.ts'
import { runEnds } from '../../pipelines/engine/index.ts'
import { createBilling } from '../billing/index.ts'
import { grantCredits, reserveCredits } from '../credits/index.ts'
import type { ReconcileDeps } from './deps.ts'
import { runRound, type RoundOptions } from './run-round.ts'
import { tick } from './schedule.ts'

let billing: BillingNode
let deps: ReconcileDeps
let org: TestOrg
let id: OrgId
let made = 0
const signal = new AbortController().signal
let advancedSeconds = 0
/** What was made in a test is old enough to be looked at. */
const clock = { now: () => new Date(Date.now() + 2 * 3_600_000 + advancedSeconds * 1_000) }

beforeAll(async () => {
  billing = await startBillingNode()
  const { db } = billing.node.database
  const owners = { addressesOf: async () => [], queueMail: async () => {} } as never
  const parts = { db, clock, log: silentLog, publicUrl: 'http://127.0.0.1' }
  const { records } = createBilling({ ...parts, settings: billing.settings, owners })
  deps = { db, clock, log: silentLog, billing: records, runEnds }
})
afterAll(() => billing[Symbol.asyncDispose]())

async function newOrg(): Promise<void> {
  org = await billing.node.onboard(`recon-${++made}`)
  id = (await ownOrg(org)).id
}

/** On all organisations, and for those that are checked alone on this one. */
const round = (options: Partial<RoundOptions> = {}) =>
  runRound(deps, { dryRun: false, budgetMs: 60_000, signal, ...options })
const own = (options: Partial<RoundOptions> = {}) => round({ only: id, ...options })
const query = (text: string, values: unknown[] = [id]) => billing.node.database.query(text, values)

function of(report: ReconcileReport, name: CheckName): { found: number; repaired: number } {
  const { found = 0, repaired = 0 } = report.checks.find(({ check }) => check === name) ?? {}
  return { found, repaired }
}

async function subscribe(plan: 'solo' | 'team' = 'solo'): Promise<void> {
  const checkout = await org.call(createCheckout, { plan })
  await billing.pay(checkout.id)
}

/** The next invoice, of which nobody hears. */
async function renew(): Promise<void> {
  billing.sandbox.faults({ drop: 1 })
  advancedSeconds += 32 * 86_400
  await billing.sandbox.advance(32 * 86_400)
}

const customer = async (): Promise<string> => {
  const [row] = await billing.node.database.query<{ customer: string }>(
    'select customer_id as customer from billing_accounts where org_id = $1',
    [id],
  )
  return row?.customer ?? ''
}

const dump = () => tableDigests(billing.node.database)

/** Finds it without a change, mends it once and in the trail, and then has nothing to do. */
async function mends(check: CheckName, kind: string): Promise<void> {
  const before = await dump()
  const dry = await own({ dryRun: true })
  expect(await dump()).toEqual(before)
  expect(of(dry, check)).toEqual({ found: 1, repaired: 0 })
  expect(dry).toMatchObject({ verdict: 'open', dryRun: true, seen: [{ check, org: id, kind, repaired: false }] })
  const wet = await own()
  expect(of(wet, check)).toEqual({ found: 1, repaired: 1 })
  expect(wet).toMatchObject({ verdict: 'clean', seen: [{ check, org: id, kind, repaired: true }] })
  expect(await own()).toMatchObject({ verdict: 'clean', seen: [] })
  const trail = await org.call(listAudit, { action: 'reconcile.stripe' })
  expect(trail).toMatchObject([{ actor: 'system:reconcile', outcome: 'done', details: { repaired: kind } }])
  expect(await org.call(getReconciliation, {})).toMatchObject({ state: 'synced', found: 0 })
  expect(await org.call(listFindings, { status: 'open' })).toEqual([])
}

/** Finds it without a change, keeps it as one finding, and has it resolved when it is over. */
async function keeps(check: CheckName, kind: string, mend: () => Promise<unknown>): Promise<void> {
  const before = await dump()
  expect(of(await own({ dryRun: true }), check)).toEqual({ found: 1, repaired: 0 })
  expect(await dump()).toEqual(before)
  for (let n = 0; n < 2; n++) {
    expect(await own()).toMatchObject({ verdict: 'open', seen: [{ check, kind, repaired: false }] })
    expect(await org.call(listFindings, { status: 'open' })).toMatchObject([{ kind }])
  }
  expect(await org.call(getReconciliation, {})).toMatchObject({ state: 'failed', found: 1 })
  await mend()
  expect(await own()).toMatchObject({ verdict: 'clean', seen: [] })
  expect(await org.call(listFindings, { status: 'open' })).toEqual([])
  expect(await org.call(getReconciliation, {})).toMatchObject({ state: 'synced' })
}

beforeEach(newOrg)
afterEach(async () => {
  billing.sandbox.faults({ drop: 0, error500: 0 })
  await billing.quiet()
})

describe('an organisation', () => {
  it('about which everybody agrees is left as it is', async () => {
    expect(await org.call(getReconciliation, {})).toMatchObject({ state: 'pending', reconciledAt: null })
    await subscribe()
    await billing.quiet()
    const report = await own()
    expect(report).toMatchObject({ verdict: 'clean', stripe: true, orgs: 1, failed: 0, seen: [] })
    const compared = report.checks.filter(({ checked }) => checked > 0).map(({ check }) => check)
    expect(compared).toEqual(['subscriptions', 'grants', 'ledger'])
    const { state, reconciledAt } = await org.call(getReconciliation, {})
    expect([state, Date.now() - Date.parse(reconciledAt ?? '') < 60_000]).toEqual(['synced', true])
  })

  it('whose plan has fallen behind gets the one that it pays for', async () => {
    await subscribe()
    await billing.quiet()
    await query('update org_limits set subscribed_plan = null where org_id = $1')
    await mends('subscriptions', 'tier_drift')
    expect((await org.call(getBilling, {})).plan).toBe('team')
    expect((await org.call(getBilling, {})).subscribedPlan).toBe('solo')
  })

  it('that has a plan which nobody pays for loses it', async () => {
    await query(`update org_limits set subscribed_plan = 'team' where org_id = $1`)
    await mends('subscriptions', 'tier_drift')
    expect((await org.call(getBilling, {})).subscribedPlan).toBeNull()
  })

  it('whose subscription stands here as it was before is told how it is now', async () => {
    await subscribe()
    await billing.quiet()
    await query(`update billing_subscriptions set cancel_at_period_end = true where org_id = $1`)
    await mends('subscriptions', 'subscription_drift')
    expect((await org.call(getBilling, {})).subscription).toMatchObject({ cancelAtPeriodEnd: false })
  })

  it('whose customer was deleted at Stripe loses its plan', async () => {
    await subscribe()
    await billing.quiet()
    billing.sandbox.faults({ drop: 1 })
    await billing.stripe.customers.del(await customer())
    const report = await own()
    expect(report.seen.map(({ kind, repaired }) => [kind, repaired])).toEqual(
      expect.arrayContaining([
        ['customer_missing', true],
        ['tier_drift', true],
      ]),
    )
    expect((await org.call(getBilling, {})).subscribedPlan).toBeNull()
    expect(await own()).toMatchObject({ seen: [] })
  })

  it('whose customer Stripe has never heard of keeps its plan, and somebody is told', async () => {
    await subscribe()
    await billing.quiet()
    const real = await customer()
    await query(`update billing_accounts set customer_id = 'cus_nobody' where org_id = $1`)
    await keeps('subscriptions', 'customer_missing', async () => {
      expect((await org.call(getBilling, {})).subscribedPlan).toBe('solo')
      await query('update billing_accounts set customer_id = $2 where org_id = $1', [id, real])
    })
  })

  it('gets the credits of an invoice that it has paid and nobody has heard of, once', async () => {
    await subscribe()
    await billing.quiet()
    await renew()
    // The period has moved as well, which is told apart.
    await deps.billing?.sync(id)
    await mends('grants', 'grant_missing')
    const [{ count } = { count: 0 }] = await billing.node.database.query<{ count: number }>(
      `select count(*)::int as count from credit_grants where org_id = $1 and source like 'stripe:invoice:%'`,
      [id],
    )
    expect(count).toBe(2)
  })

  it('that was granted credits for an invoice that is not paid has a finding', async () => {
    const source = 'stripe:invoice:in_nobody'
    await deps.db.tenant(id).write((sql) => grantCredits(sql, id, { kind: 'plan', source, amount: 7, expiresAt: null }))
    await keeps('grants', 'grant_without_invoice', () =>
      query(`update credit_grants set source = 'by hand' where org_id = $1 and source = $2`, [id, source]),
    )
    expect((await org.call(getCredits, {})).available).toBeGreaterThanOrEqual(7)
  })

  it('whose ledger does not add up has a finding, and nothing is changed', async () => {
    const { available } = await org.call(getCredits, {})
    await query('update credit_accounts set available = available + 3 where org_id = $1')
    await keeps('ledger', 'credit_drift', () =>
      query('update credit_accounts set available = available - 3 where org_id = $1'),
    )
    expect((await org.call(getCredits, {})).available).toBe(available)
  })
})

describe('a reservation', () => {
  const hold = async (status: string | null): Promise<RunId> => {
    const run = newId('run')
    if (status !== null)
      await query(
        `insert into runs (org_id, id, pipeline, status, input, request_id, created_by, max_active, ended_at)
         values ($1, $2, 'git/code/index', $3, '{}', 'r', 'test', 1, case when $3 = 'failed' then now() end)`,
        [id, run, status],
      )
    await deps.db.tenant(id).write(async (sql) => {
      await grantCredits(sql, id, { kind: 'promotion', source: `of ${run}`, amount: 100, expiresAt: null })
      await reserveCredits(sql, id, { run, amount: 60 })
    })
    return run
  }
  const reserved = async () => (await org.call(getCredits, {})).reserved

  it('of a run that has ended is given back', async () => {
    await hold('failed')
    await mends('reservations', 'hold_of_ended_run')
    expect(await reserved()).toBe(0)
  })

  it('of a run that there is not is a finding', async () => {
    const run = await hold(null)
    await keeps('reservations', 'hold_without_run', () =>
      query(
        `insert into runs (org_id, id, pipeline, status, input, request_id, created_by, max_active)
         values ($1, $2, 'git/code/index', 'queued', '{}', 'r', 'test', 1)`,
        [id, run],
      ),
    )
    expect(await reserved()).toBe(60)
  })

  it('of a run that is under way stays', async () => {
    await hold('queued')
    expect(await own()).toMatchObject({ verdict: 'clean', seen: [] })
    expect(await reserved()).toBe(60)
  })

  it('and a grant are mended once by several at a time', async () => {
    await subscribe()
    await billing.quiet()
    await renew()
    await hold('failed')
    const reports = await Promise.all(Array.from({ length: 4 }, () => own()))
    const sum = (check: CheckName) => reports.reduce((total, report) => total + of(report, check).repaired, 0)
    expect([sum('grants'), sum('reservations')]).toEqual([1, 1])
    expect(await own()).toMatchObject({ verdict: 'clean', seen: [] })
    expect(await reserved()).toBe(0)
  })
})

async function asRoot(operation: Operation, body: object) {
  const outcome = await billing.node.caller.call(operation, {
    credentials: { rootKey: ROOT_KEY },
    input: { params: {}, query: {}, body } as never,
    requestId: 'request-of-a-test',
    address: '192.0.2.1',
    signal,
  })
  if (!outcome.ok) throw new Error(outcome.code)
  return outcome.envelope.data
}

const openOrphans = async () =>
  (await billing.node.database.query<Orphan>(`select kind, reference from orphans where status = 'open'`)).map(
    ({ kind, reference }) => [kind, reference],
  )

describe('Stripe', () => {
  it('is asked for events that were never delivered, which are then applied once', async () => {
    billing.sandbox.faults({ drop: 1 })
    await subscribe()
    expect((await org.call(getBilling, {})).subscribedPlan).toBeNull()
    const before = await dump()
    const dry = await round({ dryRun: true })
    expect(await dump()).toEqual(before)
    expect(of(dry, 'events').found).toBeGreaterThan(0)
    const wet = await round()
    expect(of(wet, 'events')).toEqual({ found: of(dry, 'events').found, repaired: of(dry, 'events').found })
    expect((await org.call(getBilling, {})).subscribedPlan).toBe('solo')
    await billing.quiet()
    const granted = await billing.node.database.query(
      `select amount::int from credit_grants where org_id = $1 and source like 'stripe:invoice:%'`,
      [id],
    )
    expect(granted).toEqual([{ amount: 5_000 }])
    expect(of(await round(), 'events')).toEqual({ found: 0, repaired: 0 })
  })

  it('has customers and subscriptions of nobody, which the operator sees until they have gone', async () => {
    const { stripe } = billing
    const gone = newId('org')
    const lost = await stripe.customers.create({ metadata: { tenon_org: gone } })
    const stranger = await stripe.customers.create({ metadata: { shop: 'other' } })
    const twin = await stripe.customers.create({ metadata: { tenon_org: id } })
    await billing.card(stranger.id, 'ok')
    const price = [...billing.settings.prices].find(([, sold]) => 'plan' in sold && sold.plan === 'solo')?.[0] ?? ''
    const subscription = await stripe.subscriptions.create({
      customer: stranger.id,
      items: [{ price }],
    })
    await billing.quiet()
    const before = await dump()
    const dry = await round({ dryRun: true })
    expect(await dump()).toEqual(before)
    expect(of(dry, 'customers')).toEqual({ found: 3, repaired: 0 })
    for (let n = 0; n < 2; n++) expect(await round()).toMatchObject({ verdict: 'open' })
    expect(await openOrphans()).toEqual(
      expect.arrayContaining([
        ['customer_without_org', lost.id],
        ['customer_twice', twin.id],
        ['subscription_without_org', subscription.id],
      ]),
    )
    expect((await openOrphans()).flat()).not.toContain(stranger.id)
    await Promise.all([lost, twin, stranger].map((one) => stripe.customers.del(one.id)))
    expect(of(await round(), 'customers')).toEqual({ found: 0, repaired: 0 })
    expect(await openOrphans()).toEqual([])
  })

  it('has a customer that its organisation has forgotten: it is found again, and what it pays for', async () => {
    await subscribe()
    await billing.quiet()
    const known = await customer()
    await query('delete from billing_subscriptions where org_id = $1')
    await query('delete from billing_accounts where org_id = $1')
    await query('update org_limits set subscribed_plan = null where org_id = $1')
    expect(of(await round({ dryRun: true }), 'customers')).toEqual({ found: 1, repaired: 0 })
    expect(of(await round(), 'customers')).toEqual({ found: 1, repaired: 1 })
    expect(await customer()).toBe(known)
    expect((await org.call(getBilling, {})).subscribedPlan).toBe('solo')
    expect(await round()).toMatchObject({ verdict: 'clean', seen: [] })
  })

  it('is given time: what has just been made may be in the making still', async () => {
    const young = await billing.stripe.customers.create({ metadata: { tenon_org: newId('org') } })
    const now = { now: () => new Date() }
    const report = await runRound({ ...deps, clock: now }, { dryRun: true, budgetMs: 60_000, signal })
    expect(report.seen.map(({ subject }) => subject)).not.toContain(young.id)
    await billing.stripe.customers.del(young.id)
  })

  it('that is away is said to be, and the organisation is not taken for compared', async () => {
    billing.sandbox.faults({ error500: 1 })
    await expect(own()).rejects.toThrow('billing_unavailable')
    expect(await org.call(getReconciliation, {})).toMatchObject({ state: 'failed' })
    billing.sandbox.faults({ error500: 0 })
    expect(await own()).toMatchObject({ verdict: 'clean' })
    expect(await org.call(getReconciliation, {})).toMatchObject({ state: 'synced' })
  })
})

describe('a round', () => {
  it('goes on where the time was up', async () => {
    const first = await round({ budgetMs: -1 })
    expect(first).toMatchObject({ verdict: 'open', orgs: 0 })
    const rest = await round({ cursor: first.nextCursor ?? '' })
    expect(rest).toMatchObject({ verdict: 'clean', nextCursor: null })
    expect(rest.orgs).toBeGreaterThan(1)
    await expect(round({ cursor: 'nonsense' })).rejects.toThrow('invalid_cursor')
    await expect(round({ only: 'nobody' })).rejects.toThrow('not_found')
  })

  it('lists organisations that were never made to the end', async () => {
    const half = newId('org')
    await query(
      `insert into onboardings (org_id, slug, request_sha256, state, owner, lease_until, steps)
       values ($1, 'half', '', 'stuck', 'nobody', now() - interval '1 hour', '["organization"]')`,
      [half],
    )
    expect(of(await round(), 'onboardings')).toEqual({ found: 1, repaired: 0 })
    expect(await openOrphans()).toEqual([['onboarding_stuck', half]])
    await query('delete from onboardings where org_id = $1', [half])
    await round()
    expect(await openOrphans()).toEqual([])
  })

  it('lists people who belong to nobody, which is nobody’s mistake', async () => {
    const user = newId('user')
    const usersWithoutOrg = async function* (minutes: number) {
      if (minutes === 24 * 60) yield user
    }
    const report = await runRound({ ...deps, usersWithoutOrg }, { dryRun: false, budgetMs: 60_000, signal })
    expect(report).toMatchObject({ verdict: 'clean', seen: [{ kind: 'user_without_org', subject: user }] })
    expect(await openOrphans()).toEqual([['user_without_org', user]])
    await round()
    expect(await openOrphans()).toEqual([])
  })

  it('is begun by the clock, by one worker at a time, and once an hour', async () => {
    const at = async () => {
      const [row] = await billing.node.database.query<{ began: Date; ended: boolean; free: boolean }>(
        `select began_at as began, ended_at is not null as ended, lease_until < now() as free from reconcile_lease`,
      )
      return row
    }
    await query('update reconcile_lease set began_at = null, ended_at = null', [])
    await tick(deps, signal, -1)
    const begun = await at()
    expect(begun).toMatchObject({ ended: false, free: true })
    await query(`update org_limits set subscribed_plan = 'team' where org_id = $1`)
    await Promise.all(Array.from({ length: 3 }, () => tick(deps, signal)))
    expect(await at()).toEqual({ began: begun?.began, ended: true, free: true })
    expect(await org.call(listAudit, { action: 'reconcile.stripe' })).toHaveLength(1)
    await tick(deps, signal)
    expect((await at())?.began).toEqual(begun?.began)
    await query(`update reconcile_lease set began_at = now() - interval '61 minutes'`, [])
    await tick(deps, signal)
    expect((await at())?.began).not.toEqual(begun?.began)
  })

  it('is begun by the operator, for one organisation or all', async () => {
    expect(await asRoot(reconcileStripe, { only: org.slug, dryRun: true })).toMatchObject({ orgs: 1, dryRun: true })
    await expect(asRoot(reconcileStripe, { only: 'nobody' })).rejects.toThrow('not_found')
    expect(await asRoot(reconcileStripe, {})).toMatchObject({ nextCursor: null })
  })

  it('compares what stands here also where Stripe is not set up', async () => {
    await query('update credit_accounts set available = available + 3 where org_id = $1')
    const report = await runRound({ ...deps, billing: null }, { dryRun: true, budgetMs: 60_000, signal, only: id })
    expect(report).toMatchObject({ stripe: false, verdict: 'open', seen: [{ kind: 'credit_drift' }] })
    await query('update credit_accounts set available = available - 3 where org_id = $1')
  })
})
