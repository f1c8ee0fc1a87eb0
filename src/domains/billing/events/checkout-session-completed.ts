import { grant, paidByCheckout } from '../grants.ts'
import { readCheckout } from '../objects.ts'
import { find } from '../stripe-failure.ts'
import { syncAccount } from '../sync-account.ts'
import { orgOfCustomer } from '../org-of-customer.ts'
import { done, parked, type Handler } from './handler.ts'

/** A payment that takes days is told of once more when it has come. */
export const checkoutSessionCompleted: Handler = async (core, { objectId }) => {
  if (objectId === null) return parked('unknown_object')
  const checkout = await find(async () => readCheckout(await core.stripe.checkout.sessions.retrieve(objectId)))
  if (checkout === null) return parked('unknown_object')
  if (checkout.customer === null) return parked('no_customer')
  const org = await orgOfCustomer(core, checkout.customer)
  if (org === null) return parked('unknown_customer')
  // Made by us, it names the organisation of its customer in both places.
  if (checkout.org !== org || checkout.reference !== org) return parked('other_organisation', org)
  if (checkout.mode === 'subscription') {
    await syncAccount(core, org)
    return done(org)
  }
  if (!checkout.isPaid) return done(org, 'not_paid_yet')
  const paid = await paidByCheckout(core, checkout)
  if (paid === null) return parked('unknown_price', org)
  await grant(core, org, paid)
  return done(org)
}
