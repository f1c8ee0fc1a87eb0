import { PACKS } from '../../contract/billing.ts'
import type { OrgId } from '../../contract/ids.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import { grantCredits } from '../credits/index.ts'
import { auditSystem } from './audit-system.ts'
import type { BillingCore } from './core.ts'
import { creditsOfInvoice } from './invoice-credits.ts'
import { readInvoice, readInvoiceLine, readSold, type Checkout, type Invoice } from './objects.ts'
import { packOfPrice } from './settings.ts'
import { ask, find } from './stripe-failure.ts'

/** Named by what was paid, never by the event that told of it: however often it is told, it grants once. */
export interface PaidFor {
  readonly kind: 'plan' | 'pack'
  readonly source: string
  readonly credits: number
  readonly expiresAt: Date | null
}

const PAGE = 100

/** The current invoice with all its lines; null when Stripe does not know it. */
export async function fetchInvoice({ stripe }: BillingCore, id: string): Promise<Invoice | null> {
  const found = await find(async () => readInvoice(await stripe.invoices.retrieve(id)))
  if (found === null || !found.hasMoreLines) return found
  const lines: Invoice['lines'][number][] = []
  await ask(async () => {
    for await (const line of stripe.invoices.listLineItems(id, { limit: PAGE })) lines.push(readInvoiceLine(line))
  })
  return { ...found, lines }
}

export function paidByInvoice({ settings }: BillingCore, invoice: Invoice): PaidFor | null {
  const granted = creditsOfInvoice(invoice, settings.prices)
  if (granted === null) return null
  return {
    kind: 'plan',
    source: `stripe:invoice:${invoice.id}`,
    credits: granted.credits,
    expiresAt: granted.expiresAt,
  }
}

/** What a checkout that was paid for once grants; null when it is not paid, or nothing of it is a pack. */
export async function paidByCheckout({ stripe, settings }: BillingCore, checkout: Checkout): Promise<PaidFor | null> {
  if (checkout.mode !== 'payment' || !checkout.isPaid) return null
  let credits = 0
  await ask(async () => {
    for await (const line of stripe.checkout.sessions.listLineItems(checkout.id, { limit: PAGE })) {
      const { price, quantity } = readSold(line)
      const pack = packOfPrice(settings.prices, price)
      if (pack !== null) credits += PACKS[pack].credits * (quantity ?? 1)
    }
  })
  return credits === 0 ? null : { kind: 'pack', source: `stripe:checkout:${checkout.id}`, credits, expiresAt: null }
}

/** Answers whether it was not granted before. */
export async function grant(core: BillingCore, org: OrgId, paid: PaidFor): Promise<boolean> {
  await failpoint('webhook.fetched')
  const { kind, source, credits: amount, expiresAt } = paid
  const granted = await core.db.tenant(org).write(async (sql) => {
    const done = await grantCredits(sql, org, { kind, source, amount, expiresAt })
    if (done.granted)
      await auditSystem(sql, org, {
        at: core.clock.now(),
        action: 'credits.grant',
        resources: { source },
        details: { kind, amount },
      })
    await failpoint('webhook.written')
    return done.granted
  })
  await failpoint('webhook.committed')
  return granted
}
