import { fetchInvoice, grant, paidByInvoice } from '../grants.ts'
import { syncAccount } from '../sync-account.ts'
import { orgOfCustomer } from '../org-of-customer.ts'
import { done, parked, type Handler } from './handler.ts'

export const invoicePaid: Handler = async (core, { objectId }) => {
  if (objectId === null) return parked('unknown_object')
  const invoice = await fetchInvoice(core, objectId)
  if (invoice === null) return parked('unknown_object')
  if (invoice.customer === null) return parked('no_customer')
  const org = await orgOfCustomer(core, invoice.customer)
  if (org === null) return parked('unknown_customer')
  if (invoice.status !== 'paid') return parked('not_paid', org)
  const paid = paidByInvoice(core, invoice)
  if (paid !== null) await grant(core, org, paid)
  // The plan, and what was wrong with the payment.
  if (invoice.subscription !== null) await syncAccount(core, org)
  return done(org, paid === null ? 'no_credits' : undefined)
}
