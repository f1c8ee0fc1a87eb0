import { refused } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { customerOf, type World } from '../core/world.ts'
import type { Card, CheckoutSession, Customer } from '../core/wire.ts'
import { CUSTOMER_BLANK } from '../billing/blank.ts'
import { attemptPayment, cardDeclined, createIntent } from '../billing/pay.ts'
import { startSubscription, withCurrency } from '../billing/start.ts'
import { trialEndOf } from '../billing/trial.ts'
import { emit, make } from '../events/emit.ts'
import { NO_DETAILS } from './new-session.ts'

export interface Completion {
  readonly card: Card
  /** For who has no address yet. */
  readonly email: string | null
}

/** Somebody pays. @throws StripeFailure 402 when the card declines: the session stays open. */
export function completeSession(world: World, session: CheckoutSession, { card, email }: Completion): CheckoutSession {
  if (session.status !== 'open') throw refused(`This Checkout Session is ${session.status ?? 'closed'}.`)
  const address = session.customer_details?.email ?? session.customer_email ?? email ?? 'somebody@example.com'
  const paid =
    session.mode === 'subscription'
      ? subscribe(world, session, { card, address })
      : payOnce(world, session, { card, address })
  const done: CheckoutSession = {
    ...paid,
    customer_details: { ...NO_DETAILS, ...session.customer_details, email: address },
    payment_status: session.amount_total === 0 ? 'no_payment_required' : 'paid',
    status: 'complete',
    url: null,
  }
  return emit(world, 'checkout.session.completed', world.store.put(done))
}

interface Payer {
  readonly card: Card
  readonly address: string
}

function subscribe(world: World, session: CheckoutSession, { card, address }: Payer): CheckoutSession {
  // A subscription leaves nothing behind when its first payment fails here.
  if (card === 'declines') throw cardDeclined(null)
  const customer = payer(world, session, address)
  const { lines, trialEnd, subscriptionMetadata, subscriptionDescription } = session.sandbox
  const now = world.seconds()
  const subscription = startSubscription(world, {
    customer,
    items: lines
      .filter(({ price }) => price.type === 'recurring')
      .map(({ price, quantity }) => ({ price, quantity, metadata: {} })),
    once: lines.filter(({ price }) => price.type === 'one_time'),
    metadata: subscriptionMetadata,
    description: subscriptionDescription,
    trialEnd: typeof trialEnd === 'object' && trialEnd !== null ? trialEndOf(now, undefined, trialEnd.days) : trialEnd,
    cancelAtPeriodEnd: false,
    behavior: 'error_if_incomplete',
  })
  return { ...session, customer: customer.id, invoice: subscription.latest_invoice, subscription: subscription.id }
}

function payOnce(world: World, session: CheckoutSession, { card, address }: Payer): CheckoutSession {
  const guest = session.customer === null && session.customer_creation !== 'always'
  const customer = guest ? null : payer(world, session, address)
  const amount = session.amount_total ?? 0
  if (amount === 0) return { ...session, customer: customer?.id ?? null }
  const { attemptedIntent, paymentMetadata, paymentDescription } = session.sandbox
  const earlier = attemptedIntent === null ? undefined : world.store.get('payment_intent', attemptedIntent)
  const intent =
    earlier ??
    createIntent(world, {
      amount,
      currency: session.currency ?? 'usd',
      customer: customer?.id ?? null,
      email: address,
      description: paymentDescription,
      metadata: paymentMetadata,
      invoice: null,
    })
  const charge = attemptPayment(world, intent, card, address)
  const sandbox = { ...session.sandbox, attemptedIntent: intent.id }
  if (!charge.paid) {
    world.store.put<CheckoutSession>({ ...session, customer: customer?.id ?? null, sandbox })
    throw cardDeclined({ world, charge })
  }
  return { ...session, customer: customer?.id ?? null, payment_intent: intent.id, sandbox }
}

/** The customer of the session, or a new one; their card is the one that just paid. */
function payer(world: World, session: CheckoutSession, email: string): Customer {
  const currency = session.currency ?? 'usd'
  if (session.customer !== null) {
    const customer = customerOf(world, session.customer, 'customer')
    return withCurrency(
      world,
      world.store.put<Customer>({ ...customer, sandbox: { ...customer.sandbox, card: 'ok' } }),
      currency,
    )
  }
  return make<Customer>(world, 'customer.created', {
    ...CUSTOMER_BLANK,
    id: newId('customer'),
    created: world.seconds(),
    currency,
    description: null,
    email,
    metadata: {},
    sandbox: { card: 'ok', deleted: false },
  })
}
