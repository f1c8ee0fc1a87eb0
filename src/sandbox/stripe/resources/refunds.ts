import { refused } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { newestFirst, paging } from '../core/page.ts'
import { amount, changedMetadata, expand, metadata, oneOf, range, shape, text, within } from '../core/params.ts'
import { objectOf, type World } from '../core/world.ts'
import type { Charge, Refund } from '../core/wire.ts'
import { shownAmount } from '../billing/money.ts'
import { emit, make } from '../events/emit.ts'
import { show, showList, type Call, type Route } from './route.ts'

const created = shape({
  ...expand,
  amount: amount(1),
  charge: text(),
  metadata,
  payment_intent: text(),
  reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
})
const listed = shape({ ...paging, charge: text(), created: range, payment_intent: text() })
const updated = shape({ ...expand, metadata })
const nothing = shape(expand)

export const refunds: readonly Route[] = [
  { method: 'POST', path: '/v1/refunds', run: create },
  {
    method: 'GET',
    path: '/v1/refunds',
    run(call) {
      const { charge, created: at, payment_intent: intent, ...given } = listed(call.params)
      const all = call.world.store
        .all('refund')
        .filter(
          (each) =>
            within(each.created, at) &&
            (charge === undefined || each.charge === charge) &&
            (intent === undefined || each.payment_intent === intent),
        )
      return showList(call, newestFirst(all, given, '/v1/refunds'))
    },
  },
  {
    method: 'GET',
    path: '/v1/refunds/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'refund', call.id))
    },
  },
  {
    method: 'POST',
    path: '/v1/refunds/:id',
    run(call) {
      const before = objectOf(call.world, 'refund', call.id)
      const meta = changedMetadata(before.metadata ?? {}, updated(call.params).metadata)
      const after: Refund = { ...before, metadata: meta }
      return show(call, emit(call.world, 'refund.updated', call.world.store.put(after), before))
    },
  },
]

function create(call: Call) {
  const { world } = call
  const given = created(call.params)
  const charge = chargeFor(world, given)
  const left = charge.amount - charge.amount_refunded
  const { amount: wanted = left } = given
  checkRefundable(charge, wanted, left)
  const refund: Refund = {
    object: 'refund',
    id: newId('refund'),
    amount: wanted,
    balance_transaction: null,
    charge: charge.id,
    created: world.seconds(),
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: { card: { type: 'refund' }, type: 'card' },
    metadata: changedMetadata({}, given.metadata),
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: given.reason ?? null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
  }
  make<Refund>(world, 'refund.created', refund)
  const amount_refunded = charge.amount_refunded + wanted
  const after: Charge = { ...charge, amount_refunded, refunded: amount_refunded === charge.amount }
  emit<Charge>(world, 'charge.refunded', world.store.put(after), charge)
  return show(call, refund)
}

function chargeFor(world: World, given: { readonly charge?: string; readonly payment_intent?: string }): Charge {
  if (given.charge !== undefined && given.payment_intent !== undefined) {
    throw refused('You may only specify one of these parameters: charge, payment_intent.', {
      code: 'parameters_exclusive',
    })
  }
  if (given.charge !== undefined) return objectOf(world, 'charge', given.charge, 'charge')
  if (given.payment_intent === undefined) {
    throw refused('One of the following params should be provided for this request: payment_intent or charge.', {
      code: 'parameter_missing',
    })
  }
  const intent = objectOf(world, 'payment_intent', given.payment_intent, 'payment_intent')
  if (intent.latest_charge === null || intent.status !== 'succeeded') {
    throw refused('This PaymentIntent does not have a successful charge to refund.', { param: 'payment_intent' })
  }
  return objectOf(world, 'charge', intent.latest_charge)
}

function checkRefundable(charge: Charge, wanted: number, left: number): void {
  if (!charge.paid)
    throw refused(`Charge ${charge.id} has not been captured: it can not be refunded.`, { param: 'charge' })
  if (charge.disputed)
    throw refused(`Charge ${charge.id} has been charged back; cannot issue a refund.`, { code: 'charge_disputed' })
  if (charge.refunded)
    throw refused(`Charge ${charge.id} has already been refunded.`, { code: 'charge_already_refunded' })
  if (wanted <= left) return
  const shown = (value: number): string => shownAmount(value, charge.currency)
  throw refused(`Refund amount (${shown(wanted)}) is greater than unrefunded amount on charge (${shown(left)})`, {
    param: 'amount',
  })
}
