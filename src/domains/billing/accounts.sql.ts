import type { OrgId } from '../../contract/ids.ts'
import type { PlanName } from '../../contract/plans.ts'
import { statement } from '../../kernel/statement.ts'

export type SyncState = 'synced' | 'pending' | 'failed'

export interface AccountRow {
  customerId: string | null
  fence: number
  syncState: SyncState
  syncError: string | null
  syncedAt: string | null
  nextSyncAt: string | null
}

const ACCOUNT = 'customer_id, fence, sync_state, sync_error, synced_at, next_sync_at'

export const selectAccount = statement<{ org: OrgId }, AccountRow>(
  'billing.account',
  `select ${ACCOUNT} from billing_accounts where org_id = :org`,
)

/** No row when the organisation has a customer already. */
export const insertAccount = statement<{ org: OrgId; customer: string }, { customerId: string }>(
  'billing.insertAccount',
  `insert into billing_accounts (org_id, customer_id) values (:org, :customer)
   on conflict (org_id) do update set customer_id = excluded.customer_id where billing_accounts.customer_id is null
   returning customer_id`,
)

export const deleteAccount = statement<{ org: OrgId }>(
  'billing.deleteAccount',
  'delete from billing_accounts where org_id = :org',
)

/** Until it holds it is pending: should nobody end it, a worker takes it up. */
export const raiseFence = statement<{ org: OrgId }, { fence: number; customerId: string | null }>(
  'billing.raiseFence',
  `update billing_accounts set fence = fence + 1, sync_state = 'pending',
     next_sync_at = clock_timestamp() + interval '60 seconds'
   where org_id = :org returning fence, customer_id`,
)

/** No row when another sync has begun since. */
export const endSync = statement<{ org: OrgId; fence: number; customer: string | null }, { syncedAt: string }>(
  'billing.endSync',
  `update billing_accounts set customer_id = :customer, sync_state = 'synced', sync_error = null, sync_tries = 0,
     synced_at = clock_timestamp(), next_sync_at = null
   where org_id = :org and fence = :fence returning synced_at`,
)

/** 5 s, 10 s, 20 s … up to an hour. */
export const failSync = statement<{ org: OrgId; fence: number; code: string }, { syncTries: number }>(
  'billing.failSync',
  `update billing_accounts set sync_state = 'failed', sync_error = :code, sync_tries = sync_tries + 1,
     next_sync_at = clock_timestamp() + least(interval '5 seconds' * power(2, least(sync_tries, 20)), interval '1 hour')
   where org_id = :org and fence = :fence returning sync_tries`,
)

export interface SubscriptionRow {
  subscriptionId: string
  status: string
  priceId: string | null
  plan: PlanName | null
  periodEnd: string | null
  cancelAtPeriodEnd: boolean
  createdAt: string
}

export const selectSubscriptions = statement<{ org: OrgId }, SubscriptionRow>(
  'billing.subscriptions',
  `select subscription_id, status, price_id, plan, period_end, cancel_at_period_end, created_at
   from billing_subscriptions where org_id = :org order by created_at desc, subscription_id desc`,
)

export const upsertSubscription = statement<{
  org: OrgId
  subscription: string
  status: string
  price: string | null
  plan: PlanName | null
  periodEnd: string | null
  cancelAtPeriodEnd: boolean
  createdAt: string
}>(
  'billing.upsertSubscription',
  `insert into billing_subscriptions
     (org_id, subscription_id, status, price_id, plan, period_end, cancel_at_period_end, created_at)
   values (:org, :subscription, :status, :price, :plan, :periodEnd, :cancelAtPeriodEnd, :createdAt)
   on conflict (org_id, subscription_id) do update set status = excluded.status, price_id = excluded.price_id,
     plan = excluded.plan, period_end = excluded.period_end, cancel_at_period_end = excluded.cancel_at_period_end`,
)

/** Those that Stripe does not list for the customer any more have ended with it. */
export const endOthers = statement<{ org: OrgId; seen: string[] }>(
  'billing.endOtherSubscriptions',
  `update billing_subscriptions set status = 'canceled'
   where org_id = :org and subscription_id <> all (:seen::text[]) and status <> 'canceled'`,
)

/** By the role of billing. */
export const selectOrgOfCustomer = statement<{ customer: string }, { orgId: OrgId }>(
  'billing.orgOfCustomer',
  'select org_id from billing_accounts where customer_id = :customer',
)

/** By the role of billing: whoever takes it has a minute before another does. */
export const claimDueSyncs = statement<{ limit: number }, { orgId: OrgId }>(
  'billing.claimDueSyncs',
  `update billing_accounts set next_sync_at = clock_timestamp() + interval '60 seconds'
   where org_id in (
     select org_id from billing_accounts where next_sync_at <= clock_timestamp()
     order by next_sync_at limit :limit for update skip locked)
   returning org_id`,
)
