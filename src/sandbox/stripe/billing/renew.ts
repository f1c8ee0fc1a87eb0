import type { World } from '../core/world.ts'
import type { Invoice, Subscription } from '../core/wire.ts'
import { change } from '../events/emit.ts'
import { cancelNow } from './cancel.ts'
import { collect, createInvoice, periodLines, prorationLines, type InvoiceOrder } from './invoices.ts'
import { periodOf, sharedRecurring, withPeriod } from './items.ts'
import { nextBoundary } from './period.ts'
import { catchUp, fallBehind } from './retries.ts'

/** The period is over: the next one begins with its invoice, unless it was to end. */
export function renew(world: World, subscription: Subscription): void {
  if (subscription.cancel_at_period_end) {
    cancelNow(world, subscription, 'cancellation_requested')
    return
  }
  const { end: start } = periodOf(subscription)
  const recurring = sharedRecurring(subscription.items.data.map(({ price }) => price))
  const { anchor, pending } = subscription.sandbox
  const next: Subscription = {
    ...withPeriod(subscription, { start, end: nextBoundary(anchor, recurring, start) }),
    status: subscription.status === 'trialing' ? 'active' : subscription.status,
    sandbox: { ...subscription.sandbox, pending: [] },
  }
  const renewed = change<Subscription>(world, 'customer.subscription.updated', subscription, next)
  const lines = [...prorationLines(pending), ...periodLines(renewed)]
  bill(world, { subscription: renewed, reason: 'subscription_cycle', lines })
}

/** Makes an invoice of a running subscription and collects it, or says that this failed. */
export function bill(world: World, order: InvoiceOrder): Invoice {
  const { subscription } = order
  const customer = world.store.get('customer', subscription.customer)
  if (customer === undefined) throw new Error('a subscription has lost its customer')
  const invoice = createInvoice(world, customer, order)
  world.store.put<Subscription>({ ...subscription, latest_invoice: invoice.id })
  // An unpaid subscription is billed but not collected, until somebody pays.
  if (subscription.status === 'unpaid' && invoice.amount_due > 0) {
    return world.store.put<Invoice>({ ...invoice, auto_advance: false })
  }
  const { invoice: after } = collect(world, invoice, customer.sandbox.card)
  if (after.status === 'paid') catchUp(world, after)
  else fallBehind(world, after)
  return after
}
