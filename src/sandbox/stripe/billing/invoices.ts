import { newId } from '../core/ids.ts'
import type { World } from '../core/world.ts'
import type { Card, Charge, Customer, Invoice, InvoiceLine, PendingLine, Price, Subscription } from '../core/wire.ts'
import { change, emit, make } from '../events/emit.ts'
import { INVOICE_BLANK, LINE_BLANK } from './blank.ts'
import { shownPrice, priced } from './money.ts'
import { attemptPayment, cancelIntent, createIntent } from './pay.ts'

type Reason = 'subscription_create' | 'subscription_cycle' | 'subscription_update'
interface Line {
  readonly amount: number
  readonly description: string
  readonly period: { readonly start: number; readonly end: number }
  readonly price: Price
  readonly quantity: number
  /** The item of the subscription; null for what is bought once beside it. */
  readonly item: string | null
  readonly proration: boolean
}
export interface InvoiceOrder {
  readonly subscription: Subscription
  readonly reason: Reason
  readonly lines: readonly Line[]
}

/** One line for each item, for its current period. A trial costs nothing. */
export function periodLines({ items, status }: Subscription): Line[] {
  return items.data.map(({ id, price, quantity, current_period_start: start, current_period_end: end }) => {
    const trial = status === 'trialing'
    return {
      amount: trial ? 0 : priced(price, quantity),
      description: trial
        ? 'Trial period'
        : `${quantity} × ${price.nickname ?? 'Subscription'} (at ${shownPrice(price)})`,
      period: { start, end },
      price,
      quantity,
      item: id,
      proration: false,
    }
  })
}

export function prorationLines(pending: readonly PendingLine[]): Line[] {
  return pending.map((line) => ({ ...line, proration: true }))
}

/** Finalised at once: total, credit and what is due follow from the lines. */
export function createInvoice(
  world: World,
  customer: Customer,
  { subscription, reason, lines }: InvoiceOrder,
): Invoice {
  const id = newId('invoice')
  const stored = lines.map((line) => lineOf(line, { id, subscription }))
  const total = stored.reduce((sum, { amount }) => sum + amount, 0)
  const starting = customer.balance
  const due = Math.max(0, total + starting)
  const ending = total + starting - due
  const now = world.seconds()
  const number = world.store.settings.invoiceNumber + 1
  world.store.set({ invoiceNumber: number })
  const draft: Invoice = {
    ...INVOICE_BLANK,
    ...sums(due, 0),
    id,
    auto_advance: true,
    billing_reason: reason,
    created: now,
    currency: subscription.currency,
    customer: customer.id,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    effective_at: null,
    ending_balance: null,
    lines: { object: 'list', data: stored, has_more: false, url: `/v1/invoices/${id}/lines` },
    metadata: {},
    number: null,
    parent: parentOf(subscription),
    period_end: now,
    period_start: now,
    starting_balance: starting,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: total,
    subtotal_excluding_tax: total,
    total,
    total_excluding_tax: total,
    sandbox: { paymentIntent: null, charge: null, retries: 0 },
  }
  make<Invoice>(world, 'invoice.created', draft)
  if (ending !== starting) {
    change<Customer>(world, 'customer.updated', customer, { ...customer, balance: ending })
  }
  return finalize(world, draft, { number, ending })
}

function finalize(world: World, draft: Invoice, { number, ending }: { number: number; ending: number }): Invoice {
  const now = world.seconds()
  const invoice: Invoice = {
    ...draft,
    effective_at: now,
    ending_balance: ending,
    number: `TENON-${String(number).padStart(4, '0')}`,
    status: 'open',
    status_transitions: { ...draft.status_transitions, finalized_at: now },
  }
  return emit(world, 'invoice.finalized', world.store.put(invoice), null)
}

/** The outcome of trying to collect what is due. */
export interface Collected {
  readonly invoice: Invoice
  /** null when nothing was due. */
  readonly charge: Charge | null
}

export function collect(world: World, given: Invoice, card: Card): Collected {
  if (given.amount_due === 0) return { invoice: markPaid(world, given), charge: null }
  const opened = withIntent(world, given)
  const intent = world.store.get('payment_intent', opened.sandbox.paymentIntent ?? '')
  if (intent === undefined) throw new Error('an open invoice has lost its payment')
  const charge = attemptPayment(world, intent, card, opened.customer_email)
  const tried: Invoice = {
    ...opened,
    attempt_count: opened.attempt_count + 1,
    attempted: true,
    sandbox: { ...opened.sandbox, charge: charge.id },
  }
  return charge.paid
    ? { invoice: markPaid(world, tried, intent.id), charge }
    : { invoice: world.store.put(tried), charge }
}

/** The payment stands from the start, also when it is to be made later. */
export function withIntent(world: World, invoice: Invoice): Invoice {
  if (invoice.sandbox.paymentIntent !== null || invoice.amount_due === 0) return invoice
  const intent = createIntent(world, {
    amount: invoice.amount_due,
    currency: invoice.currency,
    customer: invoice.customer,
    email: invoice.customer_email,
    description: `Invoice ${invoice.number ?? invoice.id}`,
    metadata: {},
    invoice: invoice.id,
  })
  world.store.put({
    object: 'invoice_payment',
    id: newId('invoice_payment'),
    amount_paid: null,
    amount_requested: invoice.amount_due,
    created: world.seconds(),
    currency: invoice.currency,
    invoice: invoice.id,
    is_default: true,
    livemode: false,
    payment: { type: 'payment_intent', payment_intent: intent.id },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  })
  return world.store.put<Invoice>({ ...invoice, sandbox: { ...invoice.sandbox, paymentIntent: intent.id } })
}

/** `intent` is what paid it; without one, nothing was due or the money came from elsewhere. */
export function markPaid(world: World, invoice: Invoice, intent: string | null = null): Invoice {
  const now = world.seconds()
  const paid: Invoice = {
    ...invoice,
    ...sums(invoice.amount_due, invoice.amount_due),
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status: 'paid',
    status_transitions: { ...invoice.status_transitions, paid_at: now },
  }
  world.store.put(paid)
  closePayment(world, invoice.id, intent === null ? 'canceled' : 'paid')
  if (intent === null) cancelIntent(world, invoice.sandbox.paymentIntent)
  emit(world, 'invoice.paid', paid)
  return emit(world, 'invoice.payment_succeeded', paid)
}

export function voidInvoice(world: World, invoice: Invoice): Invoice {
  closePayment(world, invoice.id, 'canceled')
  cancelIntent(world, invoice.sandbox.paymentIntent)
  const status_transitions = { ...invoice.status_transitions, voided_at: world.seconds() }
  const after: Invoice = {
    ...invoice,
    auto_advance: false,
    next_payment_attempt: null,
    status: 'void',
    status_transitions,
  }
  return emit(world, 'invoice.voided', world.store.put(after))
}

function closePayment(world: World, invoice: string, status: 'paid' | 'canceled'): void {
  const now = world.seconds()
  for (const payment of world.store.all('invoice_payment')) {
    if (payment.invoice !== invoice || payment.status !== 'open') continue
    world.store.put({
      ...payment,
      amount_paid: status === 'paid' ? payment.amount_requested : null,
      status,
      status_transitions: { canceled_at: status === 'canceled' ? now : null, paid_at: status === 'paid' ? now : null },
    })
  }
}

function sums(due: number, paid: number): Pick<Invoice, 'amount_due' | 'amount_paid' | 'amount_remaining'> {
  return { amount_due: due, amount_paid: paid, amount_remaining: due - paid }
}

function parentOf({ id, metadata }: Subscription): Invoice['parent'] {
  return {
    quote_details: null,
    subscription_details: { metadata: { ...metadata }, subscription: id },
    type: 'subscription_details',
  }
}

function lineOf(
  line: Line,
  { id, subscription }: { readonly id: string; readonly subscription: Subscription },
): InvoiceLine {
  const { price, quantity, item, proration } = line
  const details = { proration, proration_details: null, subscription: subscription.id }
  return {
    ...LINE_BLANK,
    id: newId('line_item'),
    amount: line.amount,
    currency: price.currency,
    description: line.description,
    discountable: !proration,
    invoice: id,
    metadata: item === null ? {} : { ...subscription.metadata },
    parent:
      item === null
        ? {
            invoice_item_details: { ...details, invoice_item: newId('invoiceitem') },
            subscription_item_details: null,
            type: 'invoice_item_details',
          }
        : {
            invoice_item_details: null,
            subscription_item_details: { ...details, invoice_item: null, subscription_item: item },
            type: 'subscription_item_details',
          },
    period: { ...line.period },
    pricing: {
      type: 'price_details',
      unit_amount_decimal: price.unit_amount_decimal,
      price_details: { price: price.id, product: price.product },
    },
    quantity,
    quantity_decimal: String(quantity),
    subscription: subscription.id,
    subtotal: line.amount,
    sandbox: { price },
  }
}
