import type { PlanName } from '../../contract/plans.ts'
import { largerPlan } from '../../contract/plans.ts'
import type { Subscription } from './objects.ts'
import { planOfPrice, type StripeSettings } from './settings.ts'

/** A subscription in one of these gives its plan; while Stripe tries a payment again, it is past due and gives it still. */
const LIVE: ReadonlySet<string> = new Set(['active', 'trialing', 'past_due'])

export function isLiveStatus(status: string): boolean {
  return LIVE.has(status)
}

export interface Decision {
  readonly plan: PlanName | null
  /** Prices of live subscriptions that stand for nothing here: they give nothing. */
  readonly unknownPrices: readonly string[]
  /** Ids of those that give a plan. */
  readonly giving: readonly string[]
}

/** The largest plan that a live subscription gives, by the prices that are known, and by nothing else. */
export function decidePlan(
  subscriptions: readonly Pick<Subscription, 'id' | 'status' | 'prices'>[],
  prices: StripeSettings['prices'],
): Decision {
  const live = subscriptions.filter(({ status }) => isLiveStatus(status))
  const given = live.flatMap(({ id, prices: own }) => {
    const plan = planOfSubscription(own, prices)
    return plan === null ? [] : [{ id, plan }]
  })
  const unknown = live.flatMap(({ prices: own }) => own.filter((price) => !prices.has(price)))
  return {
    plan: given.reduce<PlanName | null>((best, { plan }) => largerPlan(plan, best), null),
    unknownPrices: [...new Set(unknown)].toSorted(),
    giving: given.map(({ id }) => id),
  }
}

/** The largest of what its items stand for. */
export function planOfSubscription(own: readonly string[], prices: StripeSettings['prices']): PlanName | null {
  return own.reduce<PlanName | null>((best, price) => {
    const plan = planOfPrice(prices, price)
    return plan === null ? best : largerPlan(plan, best)
  }, null)
}
