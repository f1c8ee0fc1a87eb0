import { readCharge, readRefund } from '../objects.ts'
import { paidByCharge } from '../payment-of-charge.ts'
import { creditsOfRefunds, type Refunded } from '../refunded-credits.ts'
import { ask, find } from '../stripe-failure.ts'
import { takeBack } from '../take-back.ts'
import { orgOfCustomer } from '../org-of-customer.ts'
import { done, parked, type Handler } from './handler.ts'

const PAGE = 100

/** Each refund takes back its part of the credits, under its own id. */
export const chargeRefunded: Handler = async (core, { objectId }) => {
  if (objectId === null) return parked('unknown_object')
  const charge = await find(async () => readCharge(await core.stripe.charges.retrieve(objectId)))
  if (charge === null) return parked('unknown_object')
  if (charge.customer === null) return parked('no_customer')
  const org = await orgOfCustomer(core, charge.customer)
  if (org === null) return parked('unknown_customer')
  const paid = await paidByCharge(core, { paymentIntent: charge.payment_intent, invoice: charge.invoice })
  if (paid === null) return done(org, 'no_credits')
  const refunds: Refunded[] = []
  await ask(async () => {
    for await (const one of core.stripe.refunds.list({ charge: charge.id, limit: PAGE })) {
      const { id, amount, status } = readRefund(one)
      if (status !== 'failed' && status !== 'canceled') refunds.push({ id, amountCents: amount })
    }
  })
  const { parts, rest } = creditsOfRefunds(refunds, { paidCents: charge.amount, credits: paid.credits })
  const takings = parts.map(({ id, credits }) => ({ key: `stripe:refund:${id}`, amount: credits }))
  await takeBack(core, org, paid, [...takings, { key: `stripe:refunds:${charge.id}`, amount: rest }])
  return done(org)
}
