import { z } from 'zod'
import type { BillingCore } from './core.ts'
import { fetchInvoice, paidByCheckout, paidByInvoice, type PaidFor } from './grants.ts'
import { readCheckout } from './objects.ts'
import { ask } from './stripe-failure.ts'

const payments = z.looseObject({
  data: z.array(
    z.looseObject({ invoice: z.union([z.string(), z.looseObject({ id: z.string() }).transform(({ id }) => id)]) }),
  ),
})

/** What a charge has paid for: a checkout or an invoice; null when it is neither, or grants nothing. */
export async function paidByCharge(
  core: BillingCore,
  { paymentIntent, invoice }: { readonly paymentIntent: string | null; readonly invoice: string | null },
): Promise<PaidFor | null> {
  if (paymentIntent !== null) {
    const sessions = await ask(() => core.stripe.checkout.sessions.list({ payment_intent: paymentIntent, limit: 1 }))
    const [session] = sessions.data
    const checkout = session === undefined ? null : readCheckout(session)
    if (checkout !== null && checkout.mode === 'payment') return paidByCheckout(core, checkout)
  }
  const id = invoice ?? (paymentIntent === null ? null : await invoiceOf(core, paymentIntent))
  const fetched = id === null ? null : await fetchInvoice(core, id)
  return fetched === null ? null : paidByInvoice(core, fetched)
}

/** Since 2025-03-31 a charge does not name its invoice any more. */
async function invoiceOf({ stripe }: BillingCore, paymentIntent: string): Promise<string | null> {
  const payment = { type: 'payment_intent', payment_intent: paymentIntent }
  const found = payments.parse(await ask(() => stripe.invoicePayments.list({ payment, limit: 1 })))
  return found.data[0]?.invoice ?? null
}
