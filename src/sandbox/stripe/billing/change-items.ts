import { refused } from '../core/failure.ts'
import type { World } from '../core/world.ts'
import type { PendingLine, Subscription, SubscriptionItem } from '../core/wire.ts'
import { periodLines, prorationLines } from './invoices.ts'
import { itemsOf, periodOf, sharedRecurring, withPeriod } from './items.ts'
import { priced } from './money.ts'
import { nextBoundary } from './period.ts'

export type Proration = 'create_prorations' | 'always_invoice' | 'none'
export interface ItemsChange {
  readonly items: readonly SubscriptionItem[]
  readonly proration: Proration
  /** The period begins anew. */
  readonly reset: boolean
}
export interface Changed {
  readonly subscription: Subscription
  /** What is to be billed at once; empty when nothing is. */
  readonly lines: ReturnType<typeof periodLines>
}

/** The subscription with its new items, and what follows for its bills. Pure but for the time. */
export function changeItems(world: World, before: Subscription, { items, proration, reset }: ItemsChange): Changed {
  const recurring = sharedRecurring(items.map(({ price }) => price))
  if (items[0]?.price.currency !== before.currency) {
    throw refused('The price must have the currency of the subscription.', { param: 'items' })
  }
  const withItems = (subscription: Subscription): Subscription => ({
    ...subscription,
    items: itemsOf(before.id, items),
  })
  if (before.status === 'trialing') return { subscription: withItems(before), lines: [] }
  const now = world.seconds()
  const old = before.items.data
  const oldRecurring = sharedRecurring(old.map(({ price }) => price))
  const anew =
    reset ||
    recurring.interval !== oldRecurring.interval ||
    recurring.interval_count !== oldRecurring.interval_count ||
    (sum(old) === 0 && sum(items) > 0)
  const period = periodOf(before)
  const left = Math.max(0, Math.min(1, (period.end - now) / (period.end - period.start)))
  const credits =
    proration === 'none' ? [] : old.filter((item) => anew || !kept(item, items)).map((item) => part(item, -left, now))
  if (anew) {
    const moved = withItems({
      ...before,
      billing_cycle_anchor: now,
      sandbox: { ...before.sandbox, anchor: now, pending: [] },
    })
    const subscription = withPeriod(moved, { start: now, end: nextBoundary(now, recurring, now) })
    const earlier = prorationLines([...before.sandbox.pending, ...credits])
    return { subscription, lines: [...earlier, ...periodLines(subscription)] }
  }
  const charges =
    proration === 'none' ? [] : items.filter((item) => !kept(item, old)).map((item) => part(item, left, now))
  const pending = [...before.sandbox.pending, ...credits, ...charges].filter(({ amount }) => amount !== 0)
  const at = (rest: readonly PendingLine[]): Subscription =>
    withItems({ ...before, sandbox: { ...before.sandbox, pending: rest } })
  return proration === 'always_invoice' && pending.length > 0
    ? { subscription: at([]), lines: prorationLines(pending) }
    : { subscription: at(pending), lines: [] }
}

const sum = (items: readonly SubscriptionItem[]): number =>
  items.reduce((total, { price, quantity }) => total + priced(price, quantity), 0)

function kept(item: SubscriptionItem, others: readonly SubscriptionItem[]): boolean {
  return others.some(
    ({ id, price, quantity }) => id === item.id && price.id === item.price.id && quantity === item.quantity,
  )
}

/** What remains of the period, to be paid or, when `share` is negative, given back. */
function part(item: SubscriptionItem, share: number, now: number): PendingLine {
  const { price, quantity, id, current_period_end: end } = item
  return {
    amount: Math.round(priced(price, quantity) * share),
    description: `${share < 0 ? 'Unused time' : 'Remaining time'} on ${quantity} × ${price.nickname ?? 'Subscription'} after ${new Date(now * 1000).toISOString().slice(0, 10)}`,
    period: { start: now, end: Math.max(now, end) },
    price,
    quantity,
    item: id,
  }
}
