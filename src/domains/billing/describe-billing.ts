import { PACKS, type Billing, type PackName } from '../../contract/billing.ts'
import type { OrgId } from '../../contract/ids.ts'
import { PLANS, type PlanName } from '../../contract/plans.ts'
import type { Sql } from '../../kernel/statement.ts'
import { limitsOf } from '../limits/index.ts'
import { selectAccount, selectSubscriptions, type SubscriptionRow } from './accounts.sql.ts'
import { decidePlan, isLiveStatus } from './decide-plan.ts'
import { priceToSell, type StripeSettings } from './settings.ts'

export async function describeBilling(
  sql: Sql,
  org: OrgId,
  { prices, sandbox }: Pick<StripeSettings, 'prices' | 'sandbox'>,
): Promise<Billing> {
  const { plan } = await limitsOf(sql, org)
  const [account] = await sql.run(selectAccount, { org })
  const rows = await sql.run(selectSubscriptions, { org })
  const live = rows.map(({ subscriptionId: id, status, priceId }) => ({
    id,
    status,
    prices: priceId === null ? [] : [priceId],
  }))
  const { plan: subscribedPlan } = decidePlan(live, prices)
  const shown =
    rows.find((row) => isLiveStatus(row.status) && row.plan === subscribedPlan) ??
    rows.find((row) => isLiveStatus(row.status)) ??
    rows[0]
  return {
    plan,
    subscribedPlan,
    subscription: shown === undefined ? null : shownSubscription(shown),
    sync: {
      state: account?.syncState ?? 'synced',
      at: account?.syncedAt ?? null,
      code: account?.syncError ?? null,
      nextTryAt: account?.nextSyncAt ?? null,
    },
    ...forSale(prices),
    sandbox,
  }
}

function shownSubscription(row: SubscriptionRow): NonNullable<Billing['subscription']> {
  const { subscriptionId: id, status, plan, priceId: price, periodEnd, cancelAtPeriodEnd } = row
  return { id, status, plan, price, periodEnd, cancelAtPeriodEnd }
}

/** What has a price, in the order of the contract. */
export function forSale(prices: StripeSettings['prices']): Pick<Billing, 'plans' | 'packs'> {
  const plans = (Object.keys(PLANS) as PlanName[]).filter((plan) => priceToSell(prices, { plan }) !== null)
  const packs = (Object.keys(PACKS) as PackName[]).filter((pack) => priceToSell(prices, { pack }) !== null)
  return { plans, packs: packs.map((name) => ({ name, credits: PACKS[name].credits })) }
}
