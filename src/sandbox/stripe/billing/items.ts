import { newId } from '../core/ids.ts'
import { refused } from '../core/failure.ts'
import type { List, Plan, Price, Subscription, SubscriptionItem } from '../core/wire.ts'

export interface WantedItem {
  readonly price: Price
  readonly quantity: number
  readonly metadata: Readonly<Record<string, string>>
}
interface Period {
  readonly start: number
  readonly end: number
}

export function itemOf(
  { price, quantity, metadata }: WantedItem,
  given: { readonly subscription: string; readonly created: number; readonly period: Period },
): SubscriptionItem {
  return {
    object: 'subscription_item',
    id: newId('subscription_item'),
    billing_thresholds: null,
    created: given.created,
    current_period_end: given.period.end,
    current_period_start: given.period.start,
    current_trial: null,
    discounts: [],
    metadata: { ...metadata },
    plan: planOf(price),
    price,
    quantity,
    subscription: given.subscription,
    tax_rates: [],
  }
}

export function itemsOf(subscription: string, data: readonly SubscriptionItem[]): List<SubscriptionItem> {
  return { object: 'list', data, has_more: false, url: `/v1/subscription_items?subscription=${subscription}` }
}

/** All items share the period. */
export function periodOf({ items, start_date }: Subscription): Period {
  const [first] = items.data
  return { start: first?.current_period_start ?? start_date, end: first?.current_period_end ?? start_date }
}

export function withPeriod(subscription: Subscription, { start, end }: Period): Subscription {
  const data = subscription.items.data.map((item) => ({
    ...item,
    current_period_start: start,
    current_period_end: end,
  }))
  return { ...subscription, items: { ...subscription.items, data } }
}

/** @throws StripeFailure when they can not stand on one invoice. Answers what they share. */
export function sharedRecurring(prices: readonly Price[]): NonNullable<Price['recurring']> {
  const recurring = prices.map((price) => {
    if (price.recurring === null) {
      throw refused(
        'The price specified is set to `type=one_time` but this field only accepts prices with `type=recurring`.',
        { param: 'items[0][price]' },
      )
    }
    return price.recurring
  })
  const [first] = recurring
  if (first === undefined) throw refused('A subscription must have at least one item.', { param: 'items' })
  if (recurring.some((each) => each.interval !== first.interval || each.interval_count !== first.interval_count)) {
    throw refused('Currently, all items of a subscription must have the same interval and interval count.', {
      param: 'items',
    })
  }
  if (prices.some(({ currency }) => currency !== prices[0]?.currency)) {
    throw refused('All items of a subscription must have the same currency.', { param: 'items' })
  }
  if (new Set(prices.map(({ id }) => id)).size < prices.length) {
    throw refused('Cannot add multiple subscription items with the same price.', { param: 'items' })
  }
  return first
}

/** The older name of a recurring price, which items still carry. */
function planOf(price: Price): Plan {
  return {
    object: 'plan',
    id: price.id,
    active: price.active,
    amount: price.unit_amount,
    amount_decimal: price.unit_amount_decimal,
    billing_scheme: 'per_unit',
    created: price.created,
    currency: price.currency,
    interval: price.recurring?.interval ?? 'month',
    interval_count: price.recurring?.interval_count ?? 1,
    livemode: false,
    metadata: { ...price.metadata },
    meter: null,
    nickname: price.nickname,
    product: price.product,
    tiers_mode: null,
    transform_usage: null,
    trial_period_days: null,
    usage_type: 'licensed',
  }
}
