import { getLimits } from '../../contract/limits.ts'
import { PLANS } from '../../contract/plans.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { DataOf } from '../../contract/operation.ts'
import type { Sql } from '../../kernel/statement.ts'
import { implement } from '../../kernel/verb.ts'
import { effectiveLimits } from './plan.ts'
import { selectWindow } from './rate.sql.ts'
import { selectLimits, type OrgLimitsRow } from './usage.sql.ts'
import { usageOf } from './usage.ts'

export const getLimitsVerb = implement(getLimits, async ({ sql, orgId, clock }) => {
  const [row] = await sql.run(selectLimits, { org: orgId() })
  if (row === undefined) throw new Error('an organisation has no limits')
  return describeLimits(sql, { org: orgId(), row, now: clock.now() })
})

export async function describeLimits(
  sql: Sql,
  { org, row, now }: { org: OrgId; row: OrgLimitsRow; now: Date },
): Promise<DataOf<typeof getLimits>> {
  const [window] = await sql.run(selectWindow, { org })
  const { plan, limits } = effectiveLimits(row)
  const used = { callsPerHour: window?.hourUsed ?? 0, callsPerDay: window?.dayUsed ?? 0, ...(await usageOf(sql, org)) }
  return {
    plan,
    operatorPlan: row.plan,
    subscribedPlan: row.subscribedPlan,
    creditsPerMonth: PLANS[plan].creditsPerMonth,
    limits,
    overridden: (Object.keys(limits) as (keyof typeof limits)[]).filter((name) => row[name] !== null),
    used,
    over: (Object.keys(used) as (keyof typeof used)[]).filter((name) => used[name] > limits[name]),
    resetsAt: {
      hour: new Date(Math.floor(now.getTime() / 3_600_000 + 1) * 3_600_000).toISOString(),
      day: new Date(Math.floor(now.getTime() / 86_400_000 + 1) * 86_400_000).toISOString(),
    },
  }
}
