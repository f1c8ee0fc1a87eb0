import { isBeforeBasil } from './version.ts'
import type { Invoice, InvoiceLine, JsonObject, Stored, Subscription, SubscriptionItem } from './wire.ts'

/** The object as it is sent: without what only the simulator knows, in the shape of the version. */
export function render(object: Exclude<Stored, { object: 'event' }>, version: string, baseUrl: string): JsonObject {
  if (object.object === 'customer' && object.sandbox.deleted)
    return { id: object.id, object: 'customer', deleted: true }
  const old = isBeforeBasil(version)
  if (object.object === 'invoice') return old ? invoiceBefore(object) : shownInvoice(object)
  if (object.object === 'subscription' && old) return subscriptionBefore(object)
  const shown = bare(object)
  if (object.object === 'checkout.session' || object.object === 'billing_portal.session') {
    return { ...shown, url: object.url === null ? null : `${baseUrl}${object.url}` }
  }
  // The secret of an endpoint is shown once, when it is made.
  if (object.object === 'webhook_endpoint') return without(shown, 'secret')
  if (object.object === 'charge' || object.object === 'payment_intent') {
    return old ? { ...shown, invoice: object.sandbox.invoice } : shown
  }
  return shown
}

function shownInvoice(invoice: Invoice): JsonObject {
  return { ...bare(invoice), lines: { ...invoice.lines, data: invoice.lines.data.map(bare) } }
}

export function renderLine(line: InvoiceLine, version: string): JsonObject {
  return isBeforeBasil(version) ? lineBefore(line) : bare(line)
}

/** Before 2025-03-31 the subscription stood on top, and the payment beside it. */
function invoiceBefore(invoice: Invoice): JsonObject {
  const { parent, sandbox, ...shown } = invoice
  return {
    ...without(shown, 'total_taxes', 'total_pretax_credit_amounts', 'amount_overpaid'),
    charge: sandbox.charge,
    lines: { ...invoice.lines, data: invoice.lines.data.map(lineBefore) },
    paid: invoice.status === 'paid',
    paid_out_of_band: invoice.status === 'paid' && sandbox.charge === null && invoice.amount_due > 0,
    payment_intent: sandbox.paymentIntent,
    subscription: parent?.subscription_details?.subscription ?? null,
    subscription_details: { metadata: parent?.subscription_details?.metadata ?? null },
    tax: null,
    total_tax_amounts: [],
  }
}

function lineBefore(line: InvoiceLine): JsonObject {
  const { parent, sandbox, ...shown } = line
  const item = parent?.subscription_item_details
  return {
    ...without(shown, 'pricing', 'taxes', 'subtotal', 'quantity_decimal'),
    price: sandbox.price,
    proration: item?.proration ?? false,
    subscription: item?.subscription ?? line.subscription,
    subscription_item: item?.subscription_item,
    tax_amounts: [],
    tax_rates: [],
    type: item === null || item === undefined ? 'invoiceitem' : 'subscription',
    unit_amount_excluding_tax: line.pricing.unit_amount_decimal,
    amount_excluding_tax: line.amount,
  }
}

/** Before 2025-03-31 the period belonged to the subscription, not to its items. */
function subscriptionBefore(subscription: Subscription): JsonObject {
  const [first] = subscription.items.data
  const itemBefore = (item: SubscriptionItem): JsonObject =>
    without(item, 'current_period_start', 'current_period_end', 'current_trial')
  return {
    ...without(bare(subscription), 'billing_mode', 'billing_schedules'),
    current_period_start: first?.current_period_start ?? subscription.start_date,
    current_period_end: first?.current_period_end ?? subscription.start_date,
    items: { ...subscription.items, data: subscription.items.data.map(itemBefore) },
    plan: subscription.items.data.length === 1 ? (first?.plan ?? null) : null,
    quantity: subscription.items.data.length === 1 ? (first?.quantity ?? null) : null,
  }
}

/** Id and kind first: that is what people look for. */
const bare = ({ id, object, ...rest }: { readonly id: string; readonly object: string }): JsonObject => ({
  id,
  object,
  ...without(rest, 'sandbox'),
})

function without(object: object, ...names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}
