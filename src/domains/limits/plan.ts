import { largerPlan, PLANS, type Limits, type PlanName } from '../../contract/plans.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Database } from '../../platform/db/index.ts'
import { insertLimits, selectLimits, selectPlans, updateSubscribedPlan, type OrgLimitsRow } from './usage.sql.ts'

export interface PlanAndLimits {
  readonly plan: PlanName
  readonly limits: Limits
}

/** The larger of the operator's plan and the one subscribed to, with what the operator has set in place of its limits. */
export function effectiveLimits({ plan: own, subscribedPlan, ...overrides }: OrgLimitsRow): PlanAndLimits {
  const plan = largerPlan(own, subscribedPlan)
  const { creditsPerMonth: _, ...limits } = PLANS[plan]
  const set = Object.entries(overrides).filter(([, value]) => value !== null)
  return { plan, limits: { ...limits, ...Object.fromEntries(set) } }
}

/** What an organisation may use, as its tenant or as the role of authentication. */
export async function limitsOf(sql: Sql, org: OrgId): Promise<PlanAndLimits> {
  const [row] = await sql.run(selectLimits, { org })
  if (row === undefined) throw new Error('an organisation has no limits')
  return effectiveLimits(row)
}

/** Part of making an organisation. */
export async function givePlan(sql: Sql, org: OrgId, plan: PlanName): Promise<void> {
  await sql.run(insertLimits, { org, plan })
}

/**
 * The plan that is subscribed to, null for none; answers the plan in force. Every node hears of it when the transaction has
 * been committed. What is used beyond a smaller plan stays, and nothing is added to it.
 */
export async function setSubscribedPlan(sql: Sql, org: OrgId, plan: PlanName | null): Promise<PlanName> {
  const [row] = await sql.run(updateSubscribedPlan, { org, plan })
  return row === undefined ? (await limitsOf(sql, org)).plan : effectiveLimits(row).plan
}

/** The plan that is subscribed to, whatever the operator has given. */
export async function subscribedPlanOf(sql: Sql, org: OrgId): Promise<PlanName | null> {
  const [row] = await sql.run(selectLimits, { org })
  return row?.subscribedPlan ?? null
}

export interface MonthlyCredits {
  readonly org: OrgId
  readonly plan: PlanName
  readonly creditsPerMonth: number
}

/**
 * Organisations and what the operator's plan gives them in a month, in pages: whoever subscribes to as much, or more, gets
 * what is paid for.
 */
export async function* orgsForMonthlyCredits(db: Database): AsyncGenerator<MonthlyCredits> {
  for (let after = ''; ;) {
    const page = await db.cross('keeper', (sql) => sql.run(selectPlans, { after }))
    for (const { org, plan, subscribedPlan } of page) {
      after = org
      if (subscribedPlan === plan || largerPlan(plan, subscribedPlan) !== plan) continue
      yield { org, plan, creditsPerMonth: PLANS[plan].creditsPerMonth }
    }
    if (page.length === 0) return
  }
}
