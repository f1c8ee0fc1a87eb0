import { setTimeout as sleep } from 'node:timers/promises'
import type { OrgId } from '../../contract/ids.ts'
import type { PlanName } from '../../contract/plans.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { recordFinding, resolveFinding, resolveOthers, type FoundThing } from '../findings/index.ts'
import { setSubscribedPlan } from '../limits/index.ts'
import * as accounts from './accounts.sql.ts'
import { auditSystem } from './audit-system.ts'
import type { BillingCore } from './core.ts'
import { decidePlan, planOfSubscription, type Decision } from './decide-plan.ts'
import { readCustomer, readSubscription, type Subscription } from './objects.ts'
import { ask, failureCode } from './stripe-failure.ts'

/** `superseded`: a sync that began later has fetched later, and holds or is tried again until it does. `none`: no customer. */
export type Synced = 'synced' | 'superseded' | 'none'

/**
 * Makes the plan of an organisation what its subscriptions at Stripe say now. It begins by raising a fence, and writes only
 * while nobody has raised it since: whatever the order in which events come, what was fetched last is what stays.
 *
 * @throws TenonError `billing_unavailable`; the sync is kept as failed then, and tried again.
 */
export async function syncAccount(core: BillingCore, org: OrgId): Promise<Synced> {
  const tenant = core.db.tenant(org)
  const [begun] = await tenant.write((sql) => sql.run(accounts.raiseFence, { org }))
  if (begun === undefined) return 'none'
  const { fence, customerId } = begun
  try {
    const current = customerId === null ? GONE : await fetchCurrent(core, customerId)
    await failpoint('webhook.fetched')
    const written = await tenant.write(async (sql) => {
      const done = await write(core, sql, { org, fence, customerId, current })
      await failpoint('webhook.written')
      return done
    })
    await failpoint('webhook.committed')
    return written ? 'synced' : 'superseded'
  } catch (thrown) {
    const code = failureCode(thrown)
    await tenant.write(async (sql) => {
      const [failed] = await sql.run(accounts.failSync, { org, fence, code })
      if (failed !== undefined && failed.syncTries >= TOLD_AFTER)
        await recordFinding(sql, org, { ...SYNC_FAILED, details: { code, tries: failed.syncTries } })
    })
    throw thrown
  }
}

/** For somebody who waits for it: until it holds, or one that began later does, and so has fetched later. */
export async function syncNow(core: BillingCore, org: OrgId): Promise<void> {
  for (let left = TRIES; left > 0; left--)
    if ((await syncAccount(core, org)) !== 'superseded' || (await laterHolds(core, org))) return
  throw new TenonError('billing_unavailable')
}

/** To begin again at once would supersede that one in turn: of many at a time, none would end. */
async function laterHolds({ db }: BillingCore, org: OrgId): Promise<boolean> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const [account] = await db.tenant(org).read.run(accounts.selectAccount, { org })
    if (account?.syncState !== 'pending') return account?.syncState === 'synced'
    await sleep(LOOK_MS)
  }
  return false
}

const TRIES = 4
const LOOK_MS = 100
/** As long as Stripe has for an answer, about. */
const MAX_LOOKS = 100
/** By then it has failed for more than half a minute. */
const TOLD_AFTER = 4
const SYNC_FAILED = { kind: 'sync_failed', subject: 'stripe' } as const
const CUSTOMER_GONE = { kind: 'customer_missing', subject: 'stripe' } as const

interface Current {
  readonly deleted: boolean
  readonly subscriptions: readonly Subscription[]
}
const GONE: Current = { deleted: true, subscriptions: [] }

/** A customer that Stripe has never heard of is no deleted one: that is another account, or another key. */
async function fetchCurrent({ stripe }: BillingCore, customer: string): Promise<Current> {
  const { deleted = false } = await ask(async () => readCustomer(await stripe.customers.retrieve(customer)))
  // Of a deleted one Stripe may say as well that it does not know it.
  return deleted ? GONE : { deleted, subscriptions: await fetchSubscriptions(stripe, customer) }
}

const PAGE = 100

/** In every status, all pages. */
export async function fetchSubscriptions(
  stripe: BillingCore['stripe'],
  customer: string,
): Promise<readonly Subscription[]> {
  const all: Subscription[] = []
  await ask(async () => {
    for await (const one of stripe.subscriptions.list({ customer, status: 'all', limit: PAGE }))
      all.push(readSubscription(one))
  })
  return all
}

interface Write {
  readonly org: OrgId
  readonly fence: number
  readonly customerId: string | null
  readonly current: Current
}

/** Answers false when somebody has raised the fence since. */
async function write(core: BillingCore, sql: Sql, { org, fence, customerId, current }: Write): Promise<boolean> {
  const customer = current.deleted ? null : customerId
  const [mine] = await sql.run(accounts.endSync, { org, fence, customer })
  if (mine === undefined) return false
  const { prices } = core.settings
  const before = await sql.run(accounts.selectSubscriptions, { org })
  for (const one of current.subscriptions) await sql.run(accounts.upsertSubscription, rowOf(org, one, prices))
  await sql.run(accounts.endOthers, { org, seen: current.subscriptions.map(({ id }) => id) })
  const decision = decidePlan(current.subscriptions, prices)
  const inForce = await setSubscribedPlan(sql, org, decision.plan)
  await tell(sql, org, { decision, current, hadCustomer: customerId !== null })
  const after = await sql.run(accounts.selectSubscriptions, { org })
  if (JSON.stringify(before) === JSON.stringify(after)) return true
  await auditSystem(sql, org, {
    at: core.clock.now(),
    action: 'billing.sync',
    resources: resourcesOf(customerId, after),
    details: { subscribedPlan: decision.plan, plan: inForce, subscriptions: statusesOf(after) },
  })
  return true
}

function rowOf(org: OrgId, one: Subscription, prices: BillingCore['settings']['prices']) {
  const plan: PlanName | null = planOfSubscription(one.prices, prices)
  const giving = one.prices.find((price) => planOfSubscription([price], prices) === plan)
  return {
    org,
    subscription: one.id,
    status: one.status,
    price: giving ?? one.prices[0] ?? null,
    plan,
    periodEnd: one.periodEnd?.toISOString() ?? null,
    cancelAtPeriodEnd: one.cancelAtPeriodEnd,
    createdAt: one.createdAt.toISOString(),
  }
}

/** What is not right with it, and what is right again. */
async function tell(
  sql: Sql,
  org: OrgId,
  { decision, current, hadCustomer }: { decision: Decision; current: Current; hadCustomer: boolean },
): Promise<void> {
  await resolveFinding(sql, org, SYNC_FAILED)
  if (!current.deleted) await resolveFinding(sql, org, CUSTOMER_GONE)
  else if (hadCustomer) await recordFinding(sql, org, CUSTOMER_GONE)
  const seen: FoundThing[] = decision.unknownPrices.map((price) => ({ kind: 'unknown_price', subject: price }))
  if (decision.giving.length > 1)
    seen.push({ kind: 'several_subscriptions', subject: 'stripe', details: { subscriptions: [...decision.giving] } })
  for (const found of seen) await recordFinding(sql, org, found)
  await resolveOthers(sql, org, { kinds: ['unknown_price', 'several_subscriptions'], seen })
  const overdue = current.subscriptions.some(({ status }) => status === 'past_due' || status === 'unpaid')
  if (!overdue) await resolveOthers(sql, org, { kinds: ['payment_failed'], seen: [] })
}

function resourcesOf(customer: string | null, rows: readonly accounts.SubscriptionRow[]): Record<string, string> {
  const latest = rows[0]
  return {
    ...(customer === null ? {} : { customer }),
    ...(latest === undefined ? {} : { subscription: latest.subscriptionId }),
  }
}

function statusesOf(rows: readonly accounts.SubscriptionRow[]): Record<string, string> {
  return Object.fromEntries(rows.map(({ subscriptionId, status }) => [subscriptionId, status]))
}
