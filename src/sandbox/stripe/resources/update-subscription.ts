import { refused } from '../core/failure.ts'
import { changedMetadata, type MetadataChange } from '../core/params.ts'
import { objectOf, type World } from '../core/world.ts'
import type { Price, Subscription, SubscriptionItem } from '../core/wire.ts'
import { atPeriodEnd } from '../billing/cancel.ts'
import { changeItems, type Changed, type Proration } from '../billing/change-items.ts'
import { itemOf, periodOf, withPeriod } from '../billing/items.ts'
import { cardDeclined } from '../billing/pay.ts'
import { bill, renew } from '../billing/renew.ts'
import { change } from '../events/emit.ts'

interface ItemUpdate {
  readonly id?: string
  readonly price?: string
  readonly quantity?: number
  readonly metadata?: MetadataChange
  readonly deleted?: boolean
}
export interface SubscriptionUpdate {
  readonly billing_cycle_anchor?: 'now' | 'unchanged'
  readonly cancel_at?: number | null
  readonly cancel_at_period_end?: boolean
  readonly cancellation_details?: { readonly comment?: string | null; readonly feedback?: string | null }
  readonly description?: string | null
  readonly items?: readonly ItemUpdate[]
  readonly metadata?: MetadataChange
  readonly payment_behavior?: 'allow_incomplete' | 'error_if_incomplete'
  readonly proration_behavior?: Proration
  readonly trial_end?: 'now'
}

export function updateSubscription(world: World, before: Subscription, given: SubscriptionUpdate): Subscription {
  checkUpdate(world, before, given)
  const described: Subscription = {
    ...before,
    ...(given.description === undefined ? {} : { description: given.description }),
    cancellation_details: cancellation(before, given.cancellation_details),
    metadata: changedMetadata(before.metadata, given.metadata),
  }
  const reset = given.billing_cycle_anchor === 'now'
  const { subscription: changed, lines }: Changed =
    given.items === undefined && !reset
      ? { subscription: described, lines: [] }
      : changeItems(world, described, {
          items: updatedItems(world, described, given.items ?? []),
          proration: given.proration_behavior ?? 'create_prorations',
          reset,
        })
  const after = change<Subscription>(world, 'customer.subscription.updated', before, ending(world, changed, given))
  if (given.trial_end === 'now' && after.status === 'trialing') endTrial(world, after)
  else if (lines.length > 0) {
    const invoice = bill(world, { subscription: after, reason: 'subscription_update', lines })
    if (invoice.status !== 'paid' && given.payment_behavior === 'error_if_incomplete') throw cardDeclined(null)
  }
  return objectOf(world, 'subscription', before.id)
}

function checkUpdate(world: World, { status }: Subscription, given: SubscriptionUpdate): void {
  const more = Object.keys(given).some((name) => !['metadata', 'cancellation_details', 'expand'].includes(name))
  if ((status === 'canceled' || status === 'incomplete_expired') && more) {
    throw refused('A canceled subscription can only update its cancellation_details and metadata.')
  }
  if (given.cancel_at !== undefined && given.cancel_at_period_end !== undefined) {
    throw refused('You cannot set both `cancel_at` and `cancel_at_period_end`.', {
      code: 'parameters_exclusive',
      param: 'cancel_at',
    })
  }
  if (typeof given.cancel_at === 'number' && given.cancel_at <= world.seconds()) {
    throw refused('`cancel_at` must be in the future.', { param: 'cancel_at' })
  }
  if (status === 'incomplete' && given.items !== undefined) {
    throw refused('You cannot change the items of a subscription whose first payment is missing.', { param: 'items' })
  }
}

function ending(world: World, subscription: Subscription, given: SubscriptionUpdate): Subscription {
  if (given.cancel_at_period_end !== undefined) {
    if (given.cancel_at_period_end === subscription.cancel_at_period_end) return subscription
    return atPeriodEnd(world, subscription, given.cancel_at_period_end)
  }
  if (given.cancel_at !== undefined) {
    const canceled_at = given.cancel_at === null ? null : world.seconds()
    return { ...subscription, cancel_at: given.cancel_at, cancel_at_period_end: false, canceled_at }
  }
  // A new period ends at another time, and with it what was to end then.
  return subscription.cancel_at_period_end ? { ...subscription, cancel_at: periodOf(subscription).end } : subscription
}

function endTrial(world: World, subscription: Subscription): void {
  const now = world.seconds()
  const { start } = periodOf(subscription)
  const over: Subscription = {
    ...withPeriod(subscription, { start, end: now }),
    billing_cycle_anchor: now,
    trial_end: now,
    sandbox: { ...subscription.sandbox, anchor: now },
  }
  renew(world, over)
}

/** Items that are not named stay as they are. */
function updatedItems(world: World, subscription: Subscription, updates: readonly ItemUpdate[]): SubscriptionItem[] {
  let items = [...subscription.items.data]
  for (const [i, update] of updates.entries()) {
    const name = `items[${i}]`
    if (update.id === undefined) {
      if (update.price === undefined)
        throw refused('Missing required param: price.', { code: 'parameter_missing', param: `${name}[price]` })
      const price = wantedPrice(world, update.price, `${name}[price]`)
      const wanted = { price, quantity: update.quantity ?? 1, metadata: changedMetadata({}, update.metadata) }
      const given = { subscription: subscription.id, created: world.seconds(), period: periodOf(subscription) }
      items.push(itemOf(wanted, given))
      continue
    }
    const old = items.find(({ id }) => id === update.id)
    if (old === undefined) {
      throw refused(`No such subscription_item: '${update.id}'`, { code: 'resource_missing', param: `${name}[id]` })
    }
    if (update.deleted === true) {
      items = items.filter((item) => item !== old)
      continue
    }
    const price = update.price === undefined ? old.price : wantedPrice(world, update.price, `${name}[price]`)
    const period = { start: old.current_period_start, end: old.current_period_end }
    const metadata = changedMetadata(old.metadata, update.metadata)
    const fresh = itemOf(
      { price, quantity: update.quantity ?? old.quantity, metadata },
      { subscription: subscription.id, created: old.created, period },
    )
    items = items.map((item) => (item === old ? { ...fresh, id: old.id } : item))
  }
  return items
}

/** A price that can be bought now. */
export function wantedPrice(world: World, id: string, param: string): Price {
  const price = objectOf(world, 'price', id, param)
  if (!price.active) {
    throw refused(`The price specified is inactive. This field only accepts active prices.`, { param })
  }
  return price
}

export function cancellation(
  subscription: Subscription,
  given: { readonly comment?: string | null; readonly feedback?: string | null } | undefined,
): Subscription['cancellation_details'] {
  const {
    comment = null,
    feedback = null,
    feedback_option = null,
    reason = null,
  } = subscription.cancellation_details ?? {}
  return { comment, feedback, feedback_option, reason, ...given }
}
