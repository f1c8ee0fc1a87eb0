import type Stripe from 'stripe'
import type { OrgId } from '../../contract/ids.ts'
import type { PlanName } from '../../contract/plans.ts'
import { subscribedPlanOf } from '../limits/index.ts'
import * as accounts from './accounts.sql.ts'
import type { BillingCore } from './core.ts'
import { decidePlan, isLiveStatus, planOfSubscription } from './decide-plan.ts'
import { fetchInvoice, grant, paidByCheckout, paidByInvoice, type PaidFor } from './grants.ts'
import { catchUp } from './inbox/catch-up.ts'
import type { EventStore } from './inbox/event-store.ts'
import { readCheckout, readCustomer, readInvoice, readSubscription, type Subscription } from './objects.ts'
import { orgOfCustomer } from './org-of-customer.ts'
import { ask, find } from './stripe-failure.ts'
import { fetchSubscriptions, syncNow } from './sync-account.ts'

/** An organisation as Stripe has it, beside how it stands here. */
export interface BillingState {
  /** null: it has none, or none any more. */
  readonly customerId: string | null
  readonly customer: 'none' | 'there' | 'deleted' | 'unknown'
  readonly plan: { readonly here: PlanName | null; readonly stripe: PlanName | null }
  /** Of subscriptions that do not stand here as Stripe has them. */
  readonly differing: readonly string[]
  /** A sync is under way or has failed, and is tried again by itself. */
  readonly syncing: boolean
}

export interface ListedCustomer {
  readonly id: string
  /** What its metadata names. */
  readonly org: string
  readonly createdAt: Date
}
export interface ListedSubscription {
  readonly id: string
  readonly customer: string
  readonly createdAt: Date
}

export interface PaidSource {
  readonly source: string
  /** null: nothing, or nothing more. */
  readonly grants: PaidFor | null
}

/** What a reconciliation needs of Stripe and of what is kept of it here. */
export interface BillingRecords {
  /** null for an organisation that never had a customer. */
  inspect(org: OrgId): Promise<BillingState | null>
  sync(org: OrgId): Promise<void>
  /** What a customer has paid for, and what that grants where it is not known to have been granted. */
  paidBy(customer: string, granted: ReadonlyMap<string, unknown>): AsyncGenerator<PaidSource>
  /** Whether what a grant names was paid for, whoever's it is. */
  wasPaid(source: string): Promise<boolean>
  grant(org: OrgId, paid: PaidFor): Promise<boolean>
  /** All customers that name an organisation of Tenon. */
  customers(): AsyncGenerator<ListedCustomer>
  /** All live subscriptions with a price of Tenon. */
  subscriptions(): AsyncGenerator<ListedSubscription>
  orgOf(customer: string): Promise<OrgId | null>
  hasCustomer(org: OrgId): Promise<boolean>
  /** Takes a customer for that of an organisation that has none. */
  adopt(org: OrgId, customer: string): Promise<boolean>
  /** Takes in the events that were never delivered, or only counts them. */
  catchUp(dryRun: boolean): Promise<number>
}

const PAGE = 100
const SOURCE = /^stripe:(invoice|checkout):(.+)$/

export function billingRecords(core: BillingCore, events: EventStore): BillingRecords {
  const { stripe, db } = core
  return {
    inspect: (org) => inspect(core, org),
    sync: (org) => syncNow(core, org),
    paidBy: (customer, granted) => paidBy(core, customer, granted),
    wasPaid: (source) => wasPaid(core, source),
    grant: (org, paid) => grant(core, org, paid),
    customers: () => listedCustomers(stripe),
    subscriptions: () => listedSubscriptions(core),
    orgOf: (customer) => orgOfCustomer(core, customer),
    hasCustomer: async (org) => {
      const [row] = await db.tenant(org).read.run(accounts.selectAccount, { org })
      return row !== undefined && row.customerId !== null
    },
    adopt: async (org, customer) => {
      const rows = await db.tenant(org).write((sql) => sql.run(accounts.insertAccount, { org, customer }))
      return rows.length > 0
    },
    catchUp: (dryRun) => catchUp(core, dryRun ? null : events),
  }
}

async function inspect(core: BillingCore, org: OrgId): Promise<BillingState | null> {
  const { stripe, db } = core
  const sql = db.tenant(org).read
  const [account] = await sql.run(accounts.selectAccount, { org })
  if (account === undefined) return null
  const { customerId } = account
  const found =
    customerId === null ? null : await find(async () => readCustomer(await stripe.customers.retrieve(customerId)))
  const customer =
    customerId === null ? 'none' : found === null ? 'unknown' : found.deleted === true ? 'deleted' : 'there'
  const current = customer === 'there' && customerId !== null ? await fetchSubscriptions(stripe, customerId) : []
  const { prices } = core.settings
  return {
    customerId,
    customer,
    plan: { here: await subscribedPlanOf(sql, org), stripe: decidePlan(current, prices).plan },
    differing: differing(await sql.run(accounts.selectSubscriptions, { org }), current, core),
    syncing: account.syncState !== 'synced',
  }
}

function differing(
  rows: readonly accounts.SubscriptionRow[],
  current: readonly Subscription[],
  { settings: { prices } }: BillingCore,
): string[] {
  const here = new Map(
    rows.map((row) => [
      row.subscriptionId,
      [row.status, row.plan, row.cancelAtPeriodEnd, millisecondsOf(row.periodEnd)].join(),
    ]),
  )
  const there = new Map(
    current.map((one) => [
      one.id,
      [one.status, planOfSubscription(one.prices, prices), one.cancelAtPeriodEnd, one.periodEnd?.getTime()].join(),
    ]),
  )
  const gone = rows.filter(({ subscriptionId: id, status }) => !there.has(id) && status !== 'canceled')
  const changed = current.filter(({ id }) => here.get(id) !== there.get(id))
  return [...gone.map(({ subscriptionId }) => subscriptionId), ...changed.map(({ id }) => id)]
}

function millisecondsOf(timestamp: string | null): number | undefined {
  return timestamp === null ? undefined : Date.parse(timestamp)
}

async function* paidBy(
  core: BillingCore,
  customer: string,
  granted: ReadonlyMap<string, unknown>,
): AsyncGenerator<PaidSource> {
  const { stripe } = core
  for await (const one of asked(stripe.invoices.list({ customer, status: 'paid', limit: PAGE }))) {
    const listed = readInvoice(one)
    const source = `stripe:invoice:${listed.id}`
    const isKnown = granted.has(source)
    const invoice = listed.hasMoreLines && !isKnown ? await fetchInvoice(core, listed.id) : listed
    yield { source, grants: isKnown || invoice === null ? null : paidByInvoice(core, invoice) }
  }
  for await (const one of asked(stripe.checkout.sessions.list({ customer, status: 'complete', limit: PAGE }))) {
    const checkout = readCheckout(one)
    const source = `stripe:checkout:${checkout.id}`
    if (checkout.mode === 'payment' && checkout.isPaid)
      yield { source, grants: granted.has(source) ? null : await paidByCheckout(core, checkout) }
  }
}

async function wasPaid({ stripe }: BillingCore, source: string): Promise<boolean> {
  const [, kind, id] = SOURCE.exec(source) ?? []
  if (id === undefined) return true
  if (kind === 'invoice') {
    const invoice = await find(async () => readInvoice(await stripe.invoices.retrieve(id)))
    return invoice?.status === 'paid'
  }
  const checkout = await find(async () => readCheckout(await stripe.checkout.sessions.retrieve(id)))
  return checkout?.isPaid === true
}

async function* listedCustomers(stripe: Stripe): AsyncGenerator<ListedCustomer> {
  for await (const one of asked(stripe.customers.list({ limit: PAGE }))) {
    const { id, metadata } = readCustomer(one)
    const org = metadata?.['tenon_org']
    if (org !== undefined) yield { id, org, createdAt: new Date(one.created * 1000) }
  }
}

/** Others may sell something else with the same account of Stripe. */
async function* listedSubscriptions({ stripe, settings }: BillingCore): AsyncGenerator<ListedSubscription> {
  for await (const one of asked(stripe.subscriptions.list({ limit: PAGE }))) {
    const { id, customer, status, prices, createdAt } = readSubscription(one)
    if (isLiveStatus(status) && planOfSubscription(prices, settings.prices) !== null) yield { id, customer, createdAt }
  }
}

/** Page by page, with the failures of Stripe as everybody here knows them. */
async function* asked<T>(list: AsyncIterable<T>): AsyncGenerator<T> {
  const iterator = list[Symbol.asyncIterator]()
  for (;;) {
    const next = await ask(() => iterator.next())
    if (next.done === true) return
    yield next.value
  }
}
