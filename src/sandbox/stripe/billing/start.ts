import { newId } from '../core/ids.ts'
import { refused } from '../core/failure.ts'
import type { World } from '../core/world.ts'
import type { Customer, Price, Subscription } from '../core/wire.ts'
import { change, emit } from '../events/emit.ts'
import { SUBSCRIPTION_BLANK } from './blank.ts'
import { collect, createInvoice, periodLines, withIntent } from './invoices.ts'
import { itemOf, itemsOf, sharedRecurring, type WantedItem } from './items.ts'
import { priced } from './money.ts'
import { cardDeclined } from './pay.ts'
import { nextBoundary } from './period.ts'
import { noteFailure } from './retries.ts'

export interface SubscriptionOrder {
  readonly customer: Customer
  readonly items: readonly WantedItem[]
  /** Bought beside it, on its first invoice. */
  readonly once: readonly { readonly price: Price; readonly quantity: number }[]
  readonly metadata: Readonly<Record<string, string>>
  readonly description: string | null
  readonly trialEnd: number | null
  readonly cancelAtPeriodEnd: boolean
  readonly behavior: 'allow_incomplete' | 'error_if_incomplete' | 'default_incomplete'
}

/** Makes a subscription with its first invoice, and collects it. */
export function startSubscription(world: World, order: SubscriptionOrder): Subscription {
  const customer = withCurrency(world, order.customer, order.items[0]?.price.currency ?? 'usd')
  const made = world.store.put(subscriptionOf(world, order))
  const once = order.once.map(({ price, quantity }) => ({
    amount: priced(price, quantity),
    description: price.nickname ?? 'Bought once',
    period: { start: made.created, end: made.created },
    price,
    quantity,
    item: null,
    proration: false,
  }))
  const lines = [...periodLines(made), ...once]
  const invoice = createInvoice(world, customer, { subscription: made, reason: 'subscription_create', lines })
  const free = invoice.amount_due === 0
  const status = made.status === 'trialing' ? 'trialing' : free ? 'active' : 'incomplete'
  const subscription = emit<Subscription>(
    world,
    'customer.subscription.created',
    world.store.put({ ...made, status, latest_invoice: invoice.id }),
  )
  if (order.behavior === 'default_incomplete' && !free) {
    withIntent(world, invoice)
    return subscription
  }
  const { invoice: after } = collect(world, invoice, customer.sandbox.card)
  if (after.status === 'paid') {
    if (subscription.status !== 'incomplete') return subscription
    return change<Subscription>(world, 'customer.subscription.updated', subscription, {
      ...subscription,
      status: 'active',
    })
  }
  // As with Stripe, nothing of such a subscription remains.
  if (order.behavior === 'error_if_incomplete') {
    throw cardDeclined(null)
  }
  noteFailure(world, after, null)
  return subscription
}

/** What was bought in one currency can not go on in another. */
export function withCurrency(world: World, customer: Customer, currency: string): Customer {
  if (customer.currency === currency) return customer
  if (typeof customer.currency === 'string') {
    throw refused(
      `You cannot combine currencies on a single customer. This customer has had a subscription, coupon, or invoice item with currency ${customer.currency}`,
    )
  }
  return change<Customer>(world, 'customer.updated', customer, { ...customer, currency })
}

function subscriptionOf(world: World, order: SubscriptionOrder): Subscription {
  const now = world.seconds()
  const id = newId('subscription')
  const prices = order.items.map(({ price }) => price)
  const recurring = sharedRecurring(prices)
  const trialEnd = order.trialEnd !== null && order.trialEnd > now ? order.trialEnd : null
  const anchor = trialEnd ?? now
  const period = { start: now, end: trialEnd ?? nextBoundary(now, recurring, now) }
  const items = order.items.map((item) => itemOf(item, { subscription: id, created: now, period }))
  return {
    ...SUBSCRIPTION_BLANK,
    id,
    billing_cycle_anchor: anchor,
    cancel_at: order.cancelAtPeriodEnd ? period.end : null,
    cancel_at_period_end: order.cancelAtPeriodEnd,
    canceled_at: order.cancelAtPeriodEnd ? now : null,
    created: now,
    currency: prices[0]?.currency ?? 'usd',
    customer: order.customer.id,
    description: order.description,
    items: itemsOf(id, items),
    metadata: { ...order.metadata },
    start_date: now,
    status: trialEnd === null ? 'incomplete' : 'trialing',
    trial_end: trialEnd,
    trial_start: trialEnd === null ? null : now,
    sandbox: { anchor, pending: [], trialEndAnnounced: false },
  }
}
