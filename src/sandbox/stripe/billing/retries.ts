import type { World } from '../core/world.ts'
import type { Invoice, Subscription } from '../core/wire.ts'
import { change, emit } from '../events/emit.ts'
import { cancelNow } from './cancel.ts'
import { collect } from './invoices.ts'

const DAY = 86_400
/** Days after the attempt before. Stripe's own retries are at times that it learns; these are fixed. */
export const RETRY_DAYS = [3, 5, 7]

/** Says that a payment failed; `nextAttempt` is null when it was the last. */
export function noteFailure(world: World, invoice: Invoice, nextAttempt: number | null): Invoice {
  const after = { ...invoice, next_payment_attempt: nextAttempt, auto_advance: nextAttempt !== null }
  return emit(world, 'invoice.payment_failed', world.store.put<Invoice>(after))
}

/** The invoice of a running subscription could not be collected: it will be tried again. */
export function fallBehind(world: World, invoice: Invoice): void {
  noteFailure(world, invoice, world.seconds() + (RETRY_DAYS[0] ?? 0) * DAY)
  const subscription = subscriptionOf(world, invoice)
  if (subscription === undefined || !['active', 'trialing'].includes(subscription.status)) return
  change<Subscription>(world, 'customer.subscription.updated', subscription, { ...subscription, status: 'past_due' })
}

/** Tries an invoice again when its time has come. */
export function retryInvoice(world: World, given: Invoice): void {
  const card = world.store.get('customer', given.customer ?? '')?.sandbox.card ?? 'declines'
  const { invoice } = collect(world, given, card)
  if (invoice.status === 'paid') {
    catchUp(world, invoice)
    return
  }
  const retries = given.sandbox.retries + 1
  const days = RETRY_DAYS[retries]
  const counted: Invoice = { ...invoice, sandbox: { ...invoice.sandbox, retries } }
  noteFailure(world, counted, days === undefined ? null : world.seconds() + days * DAY)
  if (days === undefined) giveUp(world, counted)
}

/** A paid invoice puts its subscription in order, when it was the newest that was asked for. */
export function catchUp(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice)
  if (subscription === undefined || subscription.latest_invoice !== invoice.id) return
  if (!['incomplete', 'past_due', 'unpaid'].includes(subscription.status)) return
  change<Subscription>(world, 'customer.subscription.updated', subscription, { ...subscription, status: 'active' })
}

function giveUp(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice)
  if (subscription === undefined || subscription.status === 'canceled') return
  const { afterRetries } = world.store.settings
  if (afterRetries === 'cancel') cancelNow(world, subscription, 'payment_failed')
  else if (afterRetries === 'unpaid') {
    change<Subscription>(world, 'customer.subscription.updated', subscription, { ...subscription, status: 'unpaid' })
  }
}

export function subscriptionOf(world: World, invoice: Invoice): Subscription | undefined {
  const id = invoice.parent?.subscription_details?.subscription
  return typeof id === 'string' ? world.store.get('subscription', id) : undefined
}
