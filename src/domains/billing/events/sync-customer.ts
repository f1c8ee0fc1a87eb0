import { readSubscription } from '../objects.ts'
import { find } from '../stripe-failure.ts'
import { syncAccount } from '../sync-account.ts'
import { orgOfCustomer } from '../org-of-customer.ts'
import { done, parked, type Handler } from './handler.ts'

/** What the three events of a subscription have in common: which of them it is, and in which order they come, does not matter. */
export const syncCustomer: Handler = async (core, { objectId, customerId }) => {
  if (objectId === null) return parked('unknown_object')
  const customer =
    customerId ??
    (await find(async () => readSubscription(await core.stripe.subscriptions.retrieve(objectId))))?.customer ??
    null
  if (customer === null) return parked('no_customer')
  const org = await orgOfCustomer(core, customer)
  if (org === null) return parked('unknown_customer')
  await syncAccount(core, org)
  return done(org)
}
