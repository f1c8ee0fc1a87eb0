import type { Clock } from '../core/clock.ts'
import type { World } from '../core/world.ts'
import type { CheckoutSession, Subscription } from '../core/wire.ts'
import { emit } from '../events/emit.ts'
import { cancelNow, expireIncomplete } from './cancel.ts'
import { periodOf } from './items.ts'
import { renew } from './renew.ts'
import { retryInvoice } from './retries.ts'

const HOUR = 3_600
const DAY = 24 * HOUR
const UNTIL_EXPIRED = 23 * HOUR
const TRIAL_NOTICE = 3 * DAY
const RUNNING = new Set<string>(['trialing', 'active', 'past_due', 'unpaid'])
/** Work between two looks at the network, while the clock is advanced. */
const AT_ONCE = 50

interface Due {
  readonly at: number
  readonly run: () => void
}

/** Does everything that falls due until then, in the order of its time, each thing whole or not at all. */
export async function catchUpTo(world: World, clock: Clock, until: number): Promise<void> {
  for (let done = 1; ; done += 1) {
    const due = nextDue(world, until)
    if (due === null) break
    clock.moveTo(due.at)
    clock.during(due.at, () => world.store.transaction(due.run))
    if (done % AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve))
  }
  clock.moveTo(until)
}

function nextDue(world: World, until: number): Due | null {
  let first: Due | null = null
  const consider = (at: number | null, run: () => void): void => {
    if (at !== null && at <= until && (first === null || at < first.at)) first = { at, run }
  }
  for (const subscription of world.store.all('subscription')) considerSubscription(world, subscription, consider)
  for (const invoice of world.store.all('invoice')) {
    if (invoice.status === 'open') consider(invoice.next_payment_attempt, () => retryInvoice(world, invoice))
  }
  for (const session of world.store.all('checkout.session')) {
    if (session.status === 'open') consider(session.expires_at, () => expireSession(world, session))
  }
  return first
}

function considerSubscription(
  world: World,
  subscription: Subscription,
  consider: (at: number | null, run: () => void) => void,
): void {
  if (subscription.status === 'incomplete') {
    consider(subscription.created + UNTIL_EXPIRED, () => expireIncomplete(world, subscription))
  }
  if (!RUNNING.has(subscription.status)) return
  if (!subscription.cancel_at_period_end) {
    consider(subscription.cancel_at, () => cancelNow(world, subscription, 'cancellation_requested'))
  }
  if (
    subscription.status === 'trialing' &&
    !subscription.sandbox.trialEndAnnounced &&
    subscription.trial_end !== null
  ) {
    consider(Math.max(subscription.created, subscription.trial_end - TRIAL_NOTICE), () => announce(world, subscription))
  }
  consider(periodOf(subscription).end, () => renew(world, subscription))
}

function announce(world: World, subscription: Subscription): void {
  const sandbox = { ...subscription.sandbox, trialEndAnnounced: true }
  emit(world, 'customer.subscription.trial_will_end', world.store.put<Subscription>({ ...subscription, sandbox }))
}

export function expireSession(world: World, session: CheckoutSession): CheckoutSession {
  return emit(
    world,
    'checkout.session.expired',
    world.store.put<CheckoutSession>({ ...session, status: 'expired', url: null }),
  )
}
