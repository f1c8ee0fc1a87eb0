import type { OrgId } from '../../contract/ids.ts'
import type { Limits, PlanName, Quota } from '../../contract/plans.ts'
import { statement } from '../../kernel/statement.ts'

interface QuotaKey {
  org: OrgId
  quota: Quota
  daily: boolean
}

/** The day that a count belongs to: one that is not daily has always the same. */
const DAY = `case when :daily::boolean then (clock_timestamp() at time zone 'UTC')::date else date 'epoch' end`

/** Decided in the statement: no row means that nothing is left. */
export const raiseUsage = statement<QuotaKey & { limit: number }, { used: number }>(
  'limits.raiseUsage',
  `insert into org_usage as u (org_id, quota, day, used) select :org, :quota, ${DAY}, 1 where :limit::int > 0
   on conflict (org_id, quota) do update set day = greatest(u.day, excluded.day),
     used = case when u.day >= excluded.day then u.used else 0 end + 1
   where case when u.day >= excluded.day then u.used else 0 end < :limit::int
   returning used`,
)

export const lowerUsage = statement<{ org: OrgId; quota: Quota; by: number }>(
  'limits.lowerUsage',
  'update org_usage set used = greatest(0, used - :by::int) where org_id = :org and quota = :quota',
)

export const selectUsage = statement<{ org: OrgId; today: boolean }, { quota: Quota; used: number }>(
  'limits.usage',
  `select quota, used from org_usage where org_id = :org
     and (day = date 'epoch' or (:today::boolean and day = (clock_timestamp() at time zone 'UTC')::date))`,
)

/** Locked to the end of the transaction: what is counted after it, in the same transaction, can not change meanwhile. */
export const lockUsage = statement<{ org: OrgId; quota: Quota }, { used: number }>(
  'limits.lockUsage',
  'select used from org_usage where org_id = :org and quota = :quota for update',
)

export const setUsage = statement<{ org: OrgId; quota: Quota; used: number }>(
  'limits.setUsage',
  'update org_usage set used = :used where org_id = :org and quota = :quota',
)

export const insertUsage = statement<{ org: OrgId; quota: Quota }>(
  'limits.insertUsage',
  `insert into org_usage (org_id, quota, day, used) values (:org, :quota, date 'epoch', 0) on conflict (org_id, quota) do nothing`,
)

/** Held under the lock of the count, which a closing takes as well. */
export const isClosed = statement<{ org: OrgId }, { closed: boolean }>(
  'limits.isClosed',
  'select closed from org_limits where org_id = :org',
)

/** Nothing can be raised any more: no limit is so high. */
export const closeUsage = statement<{ org: OrgId; quota: Quota }>(
  'limits.closeUsage',
  'update org_usage set used = 2147483647 where org_id = :org and quota = :quota',
)

/** The plans, and what the operator has set in the place of the limits of the larger. */
export type OrgLimitsRow = { plan: PlanName; subscribedPlan: PlanName | null } & {
  [Name in keyof Limits]: number | null
}

const LIMITS =
  'plan, subscribed_plan, calls_per_hour, calls_per_day, concurrent_runs, active_chunks, runs_per_day, repositories, integrations, seats'

/** For a statement of another domain that finds organisations and what they may use in one. */
export const LIMITS_OF_ORG = { columns: LIMITS, join: 'join org_limits using (org_id)' } as const

export const selectLimits = statement<{ org: OrgId }, OrgLimitsRow>(
  'limits.limits',
  `select ${LIMITS} from org_limits where org_id = :org`,
)

export const insertLimits = statement<{ org: OrgId; plan: PlanName }>(
  'limits.insertLimits',
  'insert into org_limits (org_id, plan) values (:org, :plan) on conflict (org_id) do nothing',
)

export const updateLimits = statement<{ org: OrgId } & Omit<OrgLimitsRow, 'subscribedPlan'>, OrgLimitsRow>(
  'limits.updateLimits',
  `update org_limits set plan = :plan, calls_per_hour = :callsPerHour, calls_per_day = :callsPerDay,
     concurrent_runs = :concurrentRuns, active_chunks = :activeChunks, runs_per_day = :runsPerDay,
     repositories = :repositories, integrations = :integrations, seats = :seats
   where org_id = :org returning ${LIMITS}`,
)

/** No row when it is so already, for each change makes every node look up the keys of the organisation anew. */
export const updateSubscribedPlan = statement<{ org: OrgId; plan: PlanName | null }, OrgLimitsRow>(
  'limits.updateSubscribedPlan',
  `update org_limits set subscribed_plan = :plan where org_id = :org and subscribed_plan is distinct from :plan
   returning ${LIMITS}`,
)

export const lockLimits = statement<{ org: OrgId }, OrgLimitsRow>(
  'limits.lockLimits',
  `select ${LIMITS} from org_limits where org_id = :org for update`,
)

export const closeLimits = statement<{ org: OrgId }>(
  'limits.closeLimits',
  'update org_limits set closed = true where org_id = :org',
)

/** Of those that are not closed; by the role that keeps house. */
export const selectPlans = statement<
  { after: string },
  { org: OrgId; plan: PlanName; subscribedPlan: PlanName | null }
>(
  'limits.plans',
  `select org_id as org, plan, subscribed_plan from org_limits where not closed and org_id > :after
   order by org_id limit 500`,
)
