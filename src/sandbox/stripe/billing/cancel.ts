import type { World } from '../core/world.ts'
import type { Invoice, Subscription } from '../core/wire.ts'
import { change, emit } from '../events/emit.ts'
import { periodOf } from './items.ts'
import { voidInvoice } from './invoices.ts'

type Reason = 'cancellation_requested' | 'payment_failed'

/** Ends it in this second. Its open invoices are not collected any more. */
export function cancelNow(world: World, subscription: Subscription, reason: Reason): Subscription {
  const now = world.seconds()
  for (const invoice of openInvoices(world, subscription)) {
    world.store.put<Invoice>({ ...invoice, auto_advance: false, next_payment_attempt: null })
  }
  const ended: Subscription = {
    ...subscription,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...subscription.cancellation_details,
      reason,
    },
    canceled_at: subscription.canceled_at ?? now,
    ended_at: now,
    status: 'canceled',
    sandbox: { ...subscription.sandbox, pending: [] },
  }
  return emit(world, 'customer.subscription.deleted', world.store.put(ended))
}

/** Lets it run until the end of its period, or takes that back. */
export function atPeriodEnd(world: World, subscription: Subscription, ends: boolean): Subscription {
  return {
    ...subscription,
    cancel_at: ends ? periodOf(subscription).end : null,
    cancel_at_period_end: ends,
    canceled_at: ends ? world.seconds() : null,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...subscription.cancellation_details,
      reason: ends ? 'cancellation_requested' : null,
    },
  }
}

/** The first payment was not made within 23 hours. */
export function expireIncomplete(world: World, subscription: Subscription): void {
  for (const invoice of openInvoices(world, subscription)) voidInvoice(world, invoice)
  const now = world.seconds()
  change<Subscription>(world, 'customer.subscription.updated', subscription, {
    ...subscription,
    canceled_at: now,
    ended_at: now,
    status: 'incomplete_expired',
  })
}

function openInvoices(world: World, { id }: Subscription): Invoice[] {
  return world.store
    .all('invoice')
    .filter(({ parent, status }) => parent?.subscription_details?.subscription === id && status === 'open')
}
