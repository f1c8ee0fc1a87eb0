import { refused } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { newestFirst, paging } from '../core/page.ts'
import { changedMetadata, expand, metadata, range, shape, text, within } from '../core/params.ts'
import { objectOf, type World } from '../core/world.ts'
import type { Charge, Dispute } from '../core/wire.ts'
import { change, emit, make } from '../events/emit.ts'
import { show, showList, type Route } from './route.ts'

const DAYS_TO_ANSWER = 9
const listed = shape({ ...paging, charge: text(), created: range, payment_intent: text() })
const updated = shape({ ...expand, metadata })
const nothing = shape(expand)

export const disputes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/disputes',
    run(call) {
      const { charge, created, payment_intent: intent, ...given } = listed(call.params)
      const all = call.world.store
        .all('dispute')
        .filter(
          (each) =>
            within(each.created, created) &&
            (charge === undefined || each.charge === charge) &&
            (intent === undefined || each.payment_intent === intent),
        )
      return showList(call, newestFirst(all, given, '/v1/disputes'))
    },
  },
  {
    method: 'GET',
    path: '/v1/disputes/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'dispute', call.id))
    },
  },
  {
    method: 'POST',
    path: '/v1/disputes/:id',
    run(call) {
      const before = objectOf(call.world, 'dispute', call.id)
      const after = { ...before, metadata: changedMetadata(before.metadata, updated(call.params).metadata) }
      return show(call, change<Dispute>(call.world, 'charge.dispute.updated', before, after))
    },
  },
  {
    method: 'POST',
    path: '/v1/disputes/:id/close',
    run(call) {
      nothing(call.params)
      return show(call, closeDispute(call.world, objectOf(call.world, 'dispute', call.id), 'lost'))
    },
  },
]

/** The holder of the card takes the payment back. Stripe has no call for it: it comes from the bank. */
export function openDispute(world: World, charge: Charge, reason: string): Dispute {
  const amount = charge.amount - charge.amount_refunded
  if (!charge.paid || amount === 0) throw refused('Only a payment that was made and not refunded can be disputed.')
  if (charge.disputed) throw refused(`Charge ${charge.id} is disputed already.`)
  world.store.put<Charge>({ ...charge, disputed: true })
  const dispute = make<Dispute>(world, 'charge.dispute.created', {
    object: 'dispute',
    id: newId('dispute'),
    amount,
    balance_transactions: [],
    charge: charge.id,
    created: world.seconds(),
    currency: charge.currency,
    enhanced_eligibility_types: [],
    evidence: NO_EVIDENCE,
    evidence_details: {
      due_by: world.seconds() + DAYS_TO_ANSWER * 86_400,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: false,
    livemode: false,
    metadata: {},
    payment_intent: charge.payment_intent,
    reason,
    status: 'needs_response',
  })
  return emit(world, 'charge.dispute.funds_withdrawn', dispute)
}

/** Won: the money comes back. Lost: it is gone. */
export function closeDispute(world: World, dispute: Dispute, status: 'won' | 'lost'): Dispute {
  if (dispute.status === 'won' || dispute.status === 'lost') throw refused('This dispute is already closed.')
  const closed = emit<Dispute>(world, 'charge.dispute.closed', world.store.put({ ...dispute, status }), dispute)
  return status === 'won' ? emit(world, 'charge.dispute.funds_reinstated', closed) : closed
}

const NO_EVIDENCE: Dispute['evidence'] = {
  access_activity_log: null,
  billing_address: null,
  cancellation_policy: null,
  cancellation_policy_disclosure: null,
  cancellation_rebuttal: null,
  customer_communication: null,
  customer_email_address: null,
  customer_name: null,
  customer_purchase_ip: null,
  customer_signature: null,
  duplicate_charge_documentation: null,
  duplicate_charge_explanation: null,
  duplicate_charge_id: null,
  enhanced_evidence: {},
  product_description: null,
  receipt: null,
  refund_policy: null,
  refund_policy_disclosure: null,
  refund_refusal_explanation: null,
  service_date: null,
  service_documentation: null,
  shipping_address: null,
  shipping_carrier: null,
  shipping_date: null,
  shipping_documentation: null,
  shipping_tracking_number: null,
  uncategorized_file: null,
  uncategorized_text: null,
}
