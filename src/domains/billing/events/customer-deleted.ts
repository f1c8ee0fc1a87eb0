import { syncAccount } from '../sync-account.ts'
import { orgOfCustomer } from '../org-of-customer.ts'
import { done, parked, type Handler } from './handler.ts'

/** Stripe ends the subscriptions of a customer with it; the sync finds both gone. */
export const customerDeleted: Handler = async (core, { customerId }) => {
  if (customerId === null) return parked('no_customer')
  const org = await orgOfCustomer(core, customerId)
  if (org === null) return parked('unknown_customer')
  await syncAccount(core, org)
  return done(org)
}
