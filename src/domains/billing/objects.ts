import { z } from 'zod'

/**
 * What is read of Stripe's objects, in the shape of every version of its API. What stands here is always fetched, never
 * taken from an event.
 */

const MAX_ID = 255
const id = z.string().min(1).max(MAX_ID)
/** An id, or the object itself where it was expanded. */
const reference = z.union([id, z.looseObject({ id }).transform((object) => object.id)])
const optional = reference.nullish().transform((value) => value ?? null)
const seconds = z.int().min(0)
const list = <T extends z.ZodType>(item: T) => z.looseObject({ data: z.array(item), has_more: z.boolean().optional() })

const item = z.looseObject({ price: optional, current_period_end: seconds.nullish() })

const subscriptionObject = z
  .looseObject({
    id,
    customer: reference,
    status: z.string().max(40),
    cancel_at_period_end: z.boolean().default(false),
    cancel_at: seconds.nullish(),
    created: seconds,
    current_period_end: seconds.nullish(),
    items: list(item),
  })
  .transform((object) => ({
    id: object.id,
    customer: object.customer,
    status: object.status,
    prices: object.items.data.flatMap(({ price }) => price ?? []),
    // It moved from the subscription to its items with the version 2025-03-31.
    periodEnd: dateOf(object.items.data[0]?.current_period_end ?? object.current_period_end),
    cancelAtPeriodEnd: object.cancel_at_period_end || (object.cancel_at ?? null) !== null,
    createdAt: new Date(object.created * 1000),
  }))
export type Subscription = z.output<typeof subscriptionObject>

const details = z.looseObject({ subscription: optional, proration: z.boolean().nullish() }).nullish()

const lineObject = z
  .looseObject({
    amount: z.int(),
    period: z.looseObject({ start: seconds, end: seconds }),
    proration: z.boolean().nullish(),
    price: optional,
    plan: optional,
    pricing: z.looseObject({ price_details: z.looseObject({ price: optional }).nullish() }).nullish(),
    subscription: optional,
    parent: z.looseObject({ subscription_item_details: details, invoice_item_details: details }).nullish(),
  })
  .transform((line) => {
    const parent = line.parent?.subscription_item_details ?? line.parent?.invoice_item_details
    return {
      amountCents: line.amount,
      startsAt: line.period.start,
      endsAt: line.period.end,
      price: line.pricing?.price_details?.price ?? line.price ?? line.plan,
      proration: line.proration ?? parent?.proration ?? false,
      subscription: parent?.subscription ?? line.subscription,
    }
  })
export type InvoiceLine = z.output<typeof lineObject>

const invoiceObject = z
  .looseObject({
    id,
    customer: optional,
    status: z.string().nullish(),
    billing_reason: z.string().nullish(),
    amount_due: z.int(),
    total: z.int().nullish(),
    currency: z.string().regex(/^[a-z]{3}$/),
    hosted_invoice_url: z
      .url({ protocol: /^https?$/ })
      .nullish()
      .catch(null),
    amount_paid: z.int(),
    amount_remaining: z.int(),
    attempt_count: z.int().default(0),
    parent: z.looseObject({ subscription_details: details }).nullish(),
    subscription: optional,
    lines: list(lineObject),
  })
  .transform((invoice) => ({
    id: invoice.id,
    customer: invoice.customer,
    status: invoice.status ?? null,
    billingReason: invoice.billing_reason ?? null,
    amountDueCents: invoice.amount_due,
    /** Before what stands on the balance of the customer. */
    totalCents: invoice.total ?? invoice.amount_due,
    currency: invoice.currency,
    pageUrl: invoice.hosted_invoice_url ?? null,
    amountPaidCents: invoice.amount_paid,
    amountRemainingCents: invoice.amount_remaining,
    attempts: invoice.attempt_count,
    // Newer payloads may still have the former key, with null.
    subscription:
      invoice.parent?.subscription_details?.subscription ??
      invoice.subscription ??
      invoice.lines.data.find(({ subscription }) => subscription !== null)?.subscription ??
      null,
    lines: invoice.lines.data,
    hasMoreLines: invoice.lines.has_more ?? false,
  }))
export type Invoice = z.output<typeof invoiceObject>

const checkoutObject = z
  .looseObject({
    id,
    mode: z.string(),
    status: z.string().nullish(),
    payment_status: z.string(),
    customer: optional,
    client_reference_id: z.string().nullish(),
    metadata: z.record(z.string(), z.string()).nullish(),
    payment_intent: optional,
    url: z.string().nullish(),
    expires_at: seconds,
  })
  .transform((session) => ({
    id: session.id,
    mode: session.mode,
    status: session.status ?? null,
    isPaid: session.payment_status === 'paid' || session.payment_status === 'no_payment_required',
    customer: session.customer,
    reference: session.client_reference_id ?? null,
    org: session.metadata?.['tenon_org'] ?? null,
    actor: session.metadata?.['tenon_actor'] ?? null,
    url: session.url ?? null,
    expiresAt: new Date(session.expires_at * 1000),
  }))
export type Checkout = z.output<typeof checkoutObject>

const soldObject = z.looseObject({ price: optional, quantity: z.int().min(1).nullish() })
const chargeObject = z.looseObject({
  id,
  customer: optional,
  payment_intent: optional,
  invoice: optional,
  amount: z.int(),
})
const refundObject = z.looseObject({ id, amount: z.int(), status: z.string().nullish(), created: seconds })
const disputeObject = z.looseObject({
  id,
  charge: optional,
  payment_intent: optional,
  amount: z.int(),
  status: z.string(),
})
const customerObject = z.looseObject({
  id,
  deleted: z.boolean().optional(),
  metadata: z.record(z.string(), z.string()).nullish(),
})

/** Throws when Stripe answers something that can not be read: nothing is done then, and it is tried again. */
export const readSubscription = (object: unknown): Subscription => subscriptionObject.parse(object)
export const readInvoice = (object: unknown): Invoice => invoiceObject.parse(object)
export const readInvoiceLine = (object: unknown): InvoiceLine => lineObject.parse(object)
export const readCheckout = (object: unknown): Checkout => checkoutObject.parse(object)
export const readSold = (object: unknown) => soldObject.parse(object)
export const readCharge = (object: unknown) => chargeObject.parse(object)
export const readRefund = (object: unknown) => refundObject.parse(object)
export const readDispute = (object: unknown) => disputeObject.parse(object)
export const readCustomer = (object: unknown) => customerObject.parse(object)

const named = z.looseObject({
  id: id.optional().catch(undefined),
  object: z.string().optional().catch(undefined),
  customer: optional.catch(null),
})

/** The ids that an event names: what it is about, and the customer. */
export function idsOfEvent(object: unknown): { object: string | null; customer: string | null } {
  const { id: objectId = null, object: kind, customer } = named.parse(object)
  return { object: objectId, customer: kind === 'customer' ? objectId : customer }
}

function dateOf(value: number | null | undefined): Date | null {
  return value === null || value === undefined ? null : new Date(value * 1000)
}
