import { syncAccount } from '../sync-account.ts'
import { done, orgOfCustomer, parked, type Handler } from './handler.ts'

/** Stripe ends the subscriptions of a customer with it; the sync finds both gone. */
export const customerDeleted: Handler = async (core, { customerId }) => {
  if (customerId === null) return parked('no_customer')
  const org = await orgOfCustomer(core, customerId)
  if (org === null) return parked('unknown_customer')
  await syncAccount(core, org)
  return done(org)
}
