import { newId, randomLetters } from '../core/ids.ts'
import { StripeFailure } from '../core/failure.ts'
import { render } from '../core/render.ts'
import { DEFAULT_VERSION } from '../core/version.ts'
import type { World } from '../core/world.ts'
import type { Card, Charge, PaymentIntent } from '../core/wire.ts'
import { change, emit, make } from '../events/emit.ts'
import { CHARGE_BLANK, INTENT_BLANK } from './blank.ts'

export interface Payment {
  readonly amount: number
  readonly currency: string
  readonly customer: string | null
  readonly email: string | null
  readonly description: string | null
  readonly metadata: Readonly<Record<string, string>>
  readonly invoice: string | null
}

export function createIntent(world: World, payment: Payment): PaymentIntent {
  const id = newId('payment_intent')
  return make<PaymentIntent>(world, 'payment_intent.created', {
    ...INTENT_BLANK,
    id,
    amount: payment.amount,
    client_secret: `${id}_secret_${randomLetters(25)}`,
    created: world.seconds(),
    currency: payment.currency,
    customer: payment.customer,
    description: payment.description,
    metadata: { ...payment.metadata },
    receipt_email: null,
    status: 'requires_payment_method',
    sandbox: { invoice: payment.invoice },
  })
}

/** Charges the card once. Both outcomes leave a charge and its events behind. */
export function attemptPayment(world: World, given: PaymentIntent, card: Card, email: string | null): Charge {
  const declined = card === 'declines'
  const charge = world.store.put(chargeOf(world, given, { declined, email }))
  emit(world, declined ? 'charge.failed' : 'charge.succeeded', charge)
  const after: PaymentIntent = {
    ...given,
    amount_received: declined ? 0 : given.amount,
    last_payment_error: declined ? lastError(charge) : null,
    latest_charge: charge.id,
    payment_method: declined ? null : charge.payment_method,
    status: declined ? 'requires_payment_method' : 'succeeded',
  }
  world.store.put(after)
  emit(world, declined ? 'payment_intent.payment_failed' : 'payment_intent.succeeded', after)
  return charge
}

/** 402. With the attempt given, it and its events are kept. */
export function cardDeclined(attempt: { readonly world: World; readonly charge: Charge } | null): StripeFailure {
  const declined = {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'Your card was declined.',
  } as const
  if (attempt === null) return new StripeFailure(402, declined)
  const { world, charge } = attempt
  const intent = world.store.get('payment_intent', charge.payment_intent ?? '')
  const more = intent === undefined ? {} : { payment_intent: render(intent, DEFAULT_VERSION, world.url()) }
  return new StripeFailure(402, { ...declined, charge: charge.id, ...more }, { keepsEffects: true })
}

/** A subscription ended or an invoice was voided: the payment will not be tried again. */
export function cancelIntent(world: World, id: string | null): void {
  const intent = id === null ? undefined : world.store.get('payment_intent', id)
  if (intent === undefined || intent.status === 'succeeded' || intent.status === 'canceled') return
  const canceled = { ...intent, status: 'canceled', canceled_at: world.seconds() } as const
  change<PaymentIntent>(world, 'payment_intent.canceled', intent, canceled)
}

function chargeOf(
  world: World,
  intent: PaymentIntent,
  { declined, email }: { readonly declined: boolean; readonly email: string | null },
): Charge {
  return {
    ...CHARGE_BLANK,
    id: newId('charge'),
    amount: intent.amount,
    amount_captured: declined ? 0 : intent.amount,
    billing_details: { ...CHARGE_BLANK.billing_details, email },
    captured: !declined,
    created: world.seconds(),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    failure_code: declined ? 'card_declined' : null,
    failure_message: declined ? 'Your card was declined.' : null,
    metadata: { ...intent.metadata },
    outcome: {
      advice_code: declined ? 'try_again_later' : null,
      network_advice_code: null,
      network_decline_code: declined ? '01' : null,
      network_status: declined ? 'declined_by_network' : 'approved_by_network',
      reason: declined ? 'generic_decline' : null,
      risk_level: 'normal',
      seller_message: declined ? 'The bank did not return any further details with this decline.' : 'Payment complete.',
      type: declined ? 'issuer_declined' : 'authorized',
    },
    paid: !declined,
    payment_intent: intent.id,
    payment_method: `pm_1${randomLetters(23)}`,
    status: declined ? 'failed' : 'succeeded',
    sandbox: { invoice: intent.sandbox.invoice },
  }
}

function lastError(charge: Charge): PaymentIntent['last_payment_error'] {
  return {
    type: 'card_error',
    code: 'card_declined',
    decline_code: 'generic_decline',
    message: 'Your card was declined.',
    charge: charge.id,
  }
}
