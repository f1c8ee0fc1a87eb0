import type { Stripe } from 'stripe'

/** A reference is stored as an id; `expand` puts the object in its place. */
type Ref<T, K extends keyof T> = Omit<T, K> & { [P in K]: string | Extract<T[P], null> }
/** What the simulator knows of an object and never sends. */
interface Hidden<S> {
  readonly sandbox: S
}
type Money = { unit_amount: number; unit_amount_decimal: string }

/*
 * The objects as they are stored: in the shape of the newest version of the API, typed by the official library, so
 * that a field left out or misspelt does not compile. Decimals are texts, as on the wire.
 */
export type Card = 'ok' | 'declines'
export type Customer = Stripe.Customer & Hidden<{ readonly card: Card; readonly deleted: boolean }>
export type Product = Ref<Omit<Stripe.Product, 'deleted'>, 'default_price'>
export type Price = Omit<Ref<Omit<Stripe.Price, 'deleted'>, 'product'>, keyof Money> & Money
export type Plan = Omit<Ref<Omit<Stripe.Plan, 'deleted'>, 'product'>, 'amount_decimal'> & { amount_decimal: string }
export type SubscriptionItem = Omit<Stripe.SubscriptionItem, 'price' | 'plan' | 'quantity' | 'deleted'> & {
  price: Price
  plan: Plan
  quantity: number
}
export interface List<T> {
  readonly object: 'list'
  readonly data: readonly T[]
  readonly has_more: boolean
  readonly url: string
}
/** An amount that the next invoice of a subscription will carry. */
export interface PendingLine {
  readonly amount: number
  readonly description: string
  readonly period: { readonly start: number; readonly end: number }
  readonly price: Price
  readonly quantity: number
  readonly item: string
}
interface SubscriptionMemory {
  /** Where the boundaries of periods are counted from. */
  readonly anchor: number
  readonly pending: readonly PendingLine[]
  readonly trialEndAnnounced: boolean
}
export type Subscription = Omit<
  Ref<Stripe.Subscription, 'customer' | 'latest_invoice'>,
  'items' | 'default_tax_rates'
> & {
  items: List<SubscriptionItem>
} & Hidden<SubscriptionMemory>
export type InvoiceLine = Omit<Ref<Stripe.InvoiceLineItem, 'subscription'>, 'pricing' | 'quantity_decimal'> & {
  pricing: { type: 'price_details'; unit_amount_decimal: string; price_details: { price: string; product: string } }
  quantity_decimal: string | null
} & Hidden<{ readonly price: Price }>
export type Invoice = Omit<Ref<Stripe.Invoice, 'customer'>, 'lines' | 'payments' | 'deleted'> & {
  lines: List<InvoiceLine>
} & Hidden<{ readonly paymentIntent: string | null; readonly charge: string | null; readonly retries: number }>
export type InvoicePayment = Ref<Stripe.InvoicePayment, 'invoice'>
export type PaymentIntent = Ref<Stripe.PaymentIntent, 'customer' | 'latest_charge'> &
  Hidden<{ readonly invoice: string | null }>
export type Charge = Ref<Omit<Stripe.Charge, 'refunds'>, 'customer' | 'payment_intent'> &
  Hidden<{ readonly invoice: string | null }>
export type Refund = Ref<Stripe.Refund, 'charge' | 'payment_intent' | 'customer'>
export type Dispute = Ref<Stripe.Dispute, 'charge' | 'payment_intent'>
export type LineItem = Omit<Stripe.LineItem, 'price' | 'quantity'> & { price: Price; quantity: number }
export type CheckoutSession = Omit<
  Ref<Stripe.Checkout.Session, 'customer' | 'invoice' | 'payment_intent' | 'subscription'>,
  'line_items'
> &
  Hidden<{
    readonly lines: readonly LineItem[]
    readonly subscriptionMetadata: Readonly<Record<string, string>>
    readonly subscriptionDescription: string | null
    readonly trialEnd: number | { readonly days: number } | null
    readonly paymentMetadata: Readonly<Record<string, string>>
    readonly paymentDescription: string | null
    readonly attemptedIntent: string | null
  }>
export type PortalSession = Ref<Stripe.BillingPortal.Session, 'configuration'>
export type WebhookEndpoint = Stripe.WebhookEndpoint & { secret: string }

/** What happened, with the object as it was then. */
export interface StoredEvent {
  readonly object: 'event'
  readonly id: string
  readonly created: number
  readonly type: string
  readonly subject: Subject
  /** The object before; null when it is new or gone. */
  readonly before: Subject | null
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null }
}
/** An event on its way to an endpoint. Times are those of the real clock. */
export interface Delivery {
  readonly object: 'delivery'
  readonly id: string
  readonly event: string
  readonly endpoint: string
  readonly attempts: number
  readonly nextAtMs: number
  readonly state: 'waiting' | 'delivered' | 'failed' | 'dropped'
  /** What the receiver answered last, or why there was no answer. */
  readonly answer: string | null
}
/** The answer that a key of idempotency stands for. */
export interface Replay {
  readonly object: 'replay'
  readonly id: string
  readonly fingerprint: string
  readonly status: number
  readonly body: string
  readonly requestId: string
  readonly atMs: number
}

export type Subject =
  | Customer
  | Product
  | Price
  | Subscription
  | Invoice
  | PaymentIntent
  | Charge
  | Refund
  | Dispute
  | CheckoutSession
  | PortalSession
export type Stored = Subject | InvoicePayment | WebhookEndpoint | StoredEvent | Delivery | Replay
export type Kind = Stored['object']
export type Of<K extends Kind> = Extract<Stored, { object: K }>
export type JsonObject = Record<string, unknown>
