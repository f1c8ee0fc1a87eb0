import { PLANS, type Limits, type PlanName } from '../../contract/plans.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { insertLimits, selectLimits, type OrgLimitsRow } from './usage.sql.ts'

export interface PlanAndLimits {
  readonly plan: PlanName
  readonly limits: Limits
}

export function effectiveLimits({ plan, ...overrides }: OrgLimitsRow): PlanAndLimits {
  const set = Object.entries(overrides).filter(([, value]) => value !== null)
  return { plan, limits: { ...PLANS[plan], ...Object.fromEntries(set) } }
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
