import type { OrgId } from '../../../contract/ids.ts'
import { newId } from '../../../kernel/ids.ts'
import { recordFinding, type FoundThing } from '../../findings/index.ts'
import { findOrg } from '../../identity/index.ts'
import type { BillingCore } from '../core.ts'
import { fetchInvoice } from '../grants.ts'
import { markTold } from '../inbox/inbox.sql.ts'
import type { Invoice } from '../objects.ts'
import { syncAccount } from '../sync-account.ts'
import { orgOfCustomer } from '../org-of-customer.ts'
import { done, parked, type Handler } from './handler.ts'

/** The plan stays while Stripe tries again; those who own the organisation hear of each try, which has an event of its own. */
export const invoicePaymentFailed: Handler = async (core, { id, objectId }) => {
  if (objectId === null) return parked('unknown_object')
  const invoice = await fetchInvoice(core, objectId)
  if (invoice === null) return parked('unknown_object')
  if (invoice.customer === null) return parked('no_customer')
  const org = await orgOfCustomer(core, invoice.customer)
  if (org === null) return parked('unknown_customer')
  await syncAccount(core, org)
  // It may have been paid since.
  if (invoice.status !== 'open') return done(org, 'not_open_any_more')
  await tell(core, { id, org, invoice })
  return done(org)
}

/** Finding and mails in one transaction: however often the event is applied, nobody gets a mail twice. */
async function tell(
  core: BillingCore,
  { id, org, invoice }: { id: string; org: OrgId; invoice: Invoice },
): Promise<void> {
  const { db, owners, publicUrl } = core
  const [named, addresses] = await Promise.all([findOrg(db, org), owners.addressesOf(org)])
  const amount = shownAmount(invoice)
  const mail = {
    template: 'payment-failed',
    organization: named?.slug ?? org,
    amount,
    url: invoice.pageUrl ?? `${publicUrl}/billing/return`,
  } as const
  const finding: FoundThing = {
    kind: 'payment_failed',
    subject: invoice.subscription ?? invoice.id,
    details: { invoice: invoice.id, amount, attempts: invoice.attempts },
  }
  const requestId = newId('req')
  await db.cross('billing', async (sql) => {
    const [first] = await sql.run(markTold, { id })
    await sql.asTenant(org, async (tenant) => {
      await recordFinding(tenant, org, finding)
      if (first !== undefined)
        for (const to of addresses) await owners.queueMail(tenant, { to, content: mail }, { requestId })
    })
  })
}

function shownAmount({ amountDueCents, currency }: Invoice): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency: currency.toUpperCase() })
  // Not every currency has cents.
  const { maximumFractionDigits = 2 } = format.resolvedOptions()
  return format.format(amountDueCents / 10 ** maximumFractionDigits)
}
