import { recordFinding, type FoundThing } from '../../findings/index.ts'
import { readCharge, readDispute } from '../objects.ts'
import { paidByCharge } from '../payment-of-charge.ts'
import { find } from '../stripe-failure.ts'
import { takeBack } from '../take-back.ts'
import { done, orgOfCustomer, parked, type Handler } from './handler.ts'

/** The credits of a pack are taken back as far as they are left; a plan is Stripe's and the operator's to end. */
export const chargeDisputeCreated: Handler = async (core, { objectId }) => {
  if (objectId === null) return parked('unknown_object')
  const dispute = await find(async () => readDispute(await core.stripe.disputes.retrieve(objectId)))
  const chargeId = dispute?.charge ?? null
  if (dispute === null || chargeId === null) return parked('unknown_object')
  const charge = await find(async () => readCharge(await core.stripe.charges.retrieve(chargeId)))
  if (charge === null) return parked('unknown_object')
  if (charge.customer === null) return parked('no_customer')
  const org = await orgOfCustomer(core, charge.customer)
  if (org === null) return parked('unknown_customer')
  const finding: FoundThing = {
    kind: 'payment_disputed',
    subject: dispute.id,
    details: { charge: charge.id, amountCents: dispute.amount, status: dispute.status },
  }
  const paid = await paidByCharge(core, { paymentIntent: charge.payment_intent, invoice: charge.invoice })
  if (paid?.kind === 'pack')
    await takeBack(core, org, paid, [{ key: `stripe:dispute:${dispute.id}`, amount: null, finding }])
  else await core.db.tenant(org).write((sql) => recordFinding(sql, org, finding))
  return done(org)
}
