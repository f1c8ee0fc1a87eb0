import { refused } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { changedMetadata, type MetadataChange } from '../core/params.ts'
import { customerOf, type World } from '../core/world.ts'
import type { CheckoutSession, LineItem, Price } from '../core/wire.ts'
import { sharedRecurring } from '../billing/items.ts'
import { priced } from '../billing/money.ts'
import { trialEndOf } from '../billing/trial.ts'
import { make } from '../events/emit.ts'
import { newPrice, productOf } from './prices.ts'
import { wantedPrice } from './update-subscription.ts'

const HOUR = 3_600
type Recurring = { readonly interval: 'day' | 'week' | 'month' | 'year'; readonly interval_count?: number }
interface WantedLine {
  readonly price?: string
  readonly price_data?: {
    readonly currency: string
    readonly unit_amount: number
    readonly product?: string
    readonly product_data?: { readonly name: string; readonly metadata?: MetadataChange }
    readonly recurring?: Recurring
  }
  readonly quantity?: number
}
export interface SessionOrder {
  readonly billing_address_collection?: 'auto' | 'required'
  readonly cancel_url?: string
  readonly client_reference_id?: string
  readonly currency?: string
  readonly customer?: string
  readonly customer_creation?: 'always' | 'if_required'
  readonly customer_email?: string
  readonly expires_at?: number
  readonly line_items?: readonly WantedLine[]
  readonly locale?: string
  readonly metadata?: MetadataChange
  readonly mode?: 'payment' | 'subscription'
  readonly payment_intent_data?: { readonly description?: string; readonly metadata?: MetadataChange }
  readonly submit_type?: string
  readonly subscription_data?: {
    readonly description?: string
    readonly metadata?: MetadataChange
    readonly trial_end?: number
    readonly trial_period_days?: number
  }
  readonly success_url?: string
}

/** A page where somebody pays, for a day. */
export function newSession(world: World, order: SessionOrder): CheckoutSession {
  const mode = order.mode ?? 'payment'
  const lines = (order.line_items ?? []).map((line, i) => lineOf(world, line, i))
  checkOrder(order, mode, lines)
  const customer = order.customer === undefined ? null : customerOf(world, order.customer, 'customer')
  const now = world.seconds()
  const { subscription_data: data, payment_intent_data: intent } = order
  const trialEnd = trialEndOf(now, data?.trial_end, data?.trial_period_days)
  const billed = lines.map((line) => (trialEnd !== null && line.price.type === 'recurring' ? free(line) : line))
  const total = billed.reduce((sum, { amount_total: each }) => sum + each, 0)
  const id = newId('checkout.session')
  return world.store.put<CheckoutSession>({
    ...SESSION_BLANK,
    id,
    amount_subtotal: total,
    amount_total: total,
    billing_address_collection: order.billing_address_collection ?? null,
    cancel_url: order.cancel_url ?? null,
    client_reference_id: order.client_reference_id ?? null,
    created: now,
    currency: lines[0]?.currency ?? null,
    customer: customer?.id ?? null,
    customer_creation: mode === 'subscription' || customer !== null ? null : (order.customer_creation ?? 'if_required'),
    customer_details: customer === null ? null : { ...NO_DETAILS, email: customer.email, name: customer.name ?? null },
    customer_email: order.customer_email ?? null,
    expires_at: expiry(now, order.expires_at),
    locale: order.locale ?? null,
    metadata: changedMetadata({}, order.metadata),
    mode,
    payment_status: total === 0 ? 'no_payment_required' : 'unpaid',
    submit_type: order.submit_type ?? null,
    success_url: order.success_url ?? null,
    url: `/sandbox/checkout/${id}`,
    sandbox: {
      lines: billed,
      subscriptionMetadata: changedMetadata({}, data?.metadata),
      subscriptionDescription: data?.description ?? null,
      // A trial of days begins when somebody pays.
      trialEnd: data?.trial_period_days === undefined ? trialEnd : { days: data.trial_period_days },
      paymentMetadata: changedMetadata({}, intent?.metadata),
      paymentDescription: intent?.description ?? null,
      attemptedIntent: null,
    },
  })
}

function lineOf(world: World, wanted: WantedLine, i: number): LineItem {
  const { price: id, price_data: data, quantity = 1 } = wanted
  const name = `line_items[${i}]`
  if ((id === undefined) === (data === undefined)) {
    throw refused(`You must specify either \`price\` or \`price_data\` in ${name}.`, { param: name })
  }
  const price = id === undefined ? madePrice(world, data, name) : wantedPrice(world, id, `${name}[price]`)
  const total = priced(price, quantity)
  return {
    object: 'item',
    id: newId('item'),
    adjustable_quantity: null,
    amount_discount: 0,
    amount_subtotal: total,
    amount_tax: 0,
    amount_total: total,
    currency: price.currency,
    description: world.store.get('product', price.product)?.name ?? price.nickname,
    metadata: {},
    price,
    quantity,
  }
}

/** A price for this session only. */
function madePrice(world: World, data: WantedLine['price_data'], name: string): Price {
  if (data === undefined) throw refused(`Missing required param: ${name}[price].`, { param: name })
  const product = productOf(world, data, `${name}[price_data][product]`)
  return make<Price>(world, 'price.created', {
    ...newPrice(world, { ...data, product: product.id, metadata: {} }),
    active: false,
  })
}

function checkOrder(order: SessionOrder, mode: 'payment' | 'subscription', lines: readonly LineItem[]): void {
  const missing = (param: string) => refused(`Missing required param: ${param}.`, { code: 'parameter_missing', param })
  if (lines.length === 0) throw missing('line_items')
  if (order.success_url === undefined) throw missing('success_url')
  if (order.customer !== undefined && order.customer_email !== undefined) {
    throw refused('You may only specify one of these parameters: customer, customer_email.', {
      code: 'parameters_exclusive',
      param: 'customer',
    })
  }
  const other = mode === 'payment' ? 'subscription_data' : 'payment_intent_data'
  if (order[other] !== undefined) throw refused(`You can not pass \`${other}\` in \`${mode}\` mode.`, { param: other })
  const [first] = lines
  if (lines.some(({ currency }) => currency !== (order.currency ?? first?.currency))) {
    throw refused('All line items must have the same currency.', { param: 'line_items' })
  }
  const recurring = lines.map(({ price }) => price).filter(({ type }) => type === 'recurring')
  if (mode === 'payment' && recurring.length > 0) {
    throw refused(
      'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
      { param: 'line_items' },
    )
  }
  if (mode === 'subscription') {
    if (recurring.length === 0) {
      throw refused('You must provide at least one recurring price in `subscription` mode when using prices.', {
        param: 'line_items',
      })
    }
    sharedRecurring(recurring)
  }
}

function expiry(now: number, wanted: number | undefined): number {
  if (wanted === undefined) return now + 24 * HOUR
  if (wanted < now + HOUR / 2 || wanted > now + 24 * HOUR) {
    throw refused(
      'The `expires_at` timestamp must be at least 30 minutes and less than 24 hours from Checkout Session creation.',
      { param: 'expires_at' },
    )
  }
  return wanted
}

const free = (line: LineItem): LineItem => ({ ...line, amount_subtotal: 0, amount_total: 0 })

export const NO_DETAILS = {
  address: null,
  business_name: null,
  email: null,
  individual_name: null,
  name: null,
  phone: null,
  tax_exempt: 'none',
  tax_ids: [],
}

type Filled =
  | 'id'
  | 'amount_subtotal'
  | 'amount_total'
  | 'billing_address_collection'
  | 'cancel_url'
  | 'client_reference_id'
  | 'created'
  | 'currency'
  | 'customer'
  | 'customer_creation'
  | 'customer_details'
  | 'customer_email'
  | 'expires_at'
  | 'locale'
  | 'metadata'
  | 'mode'
  | 'payment_status'
  | 'submit_type'
  | 'success_url'
  | 'url'
  | 'sandbox'

const SESSION_BLANK: Omit<CheckoutSession, Filled> = {
  object: 'checkout.session',
  adaptive_pricing: null,
  after_expiration: null,
  allow_promotion_codes: null,
  allowed_payment_method_types: null,
  automatic_tax: { enabled: false, liability: null, provider: null, status: null },
  client_secret: null,
  collected_information: null,
  consent: null,
  consent_collection: null,
  currency_conversion: null,
  custom_fields: [],
  custom_text: { after_submit: null, shipping_address: null, submit: null, terms_of_service_acceptance: null },
  customer_account: null,
  discounts: [],
  integration_identifier: null,
  invoice: null,
  invoice_creation: null,
  livemode: false,
  managed_payments: null,
  origin_context: null,
  payment_intent: null,
  payment_link: null,
  payment_method_collection: 'always',
  payment_method_configuration_details: null,
  payment_method_options: {},
  payment_method_types: ['card'],
  permissions: null,
  recovered_from: null,
  saved_payment_method_options: null,
  setup_intent: null,
  shipping_address_collection: null,
  shipping_cost: null,
  shipping_options: [],
  status: 'open',
  subscription: null,
  total_details: { amount_discount: 0, amount_shipping: 0, amount_tax: 0 },
  ui_mode: 'hosted_page',
  wallet_options: null,
}
