import type { BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import { getLimitsVerb } from './get-limits.ts'
import { deleteEndedWindows } from './rate.sql.ts'
import { setLimitsVerb } from './set-limits.ts'

export { closeLimits } from './close-limits.ts'
export {
  effectiveLimits,
  givePlan,
  limitsOf,
  orgsForMonthlyCredits,
  setSubscribedPlan,
  subscribedPlanOf,
  type MonthlyCredits,
  type PlanAndLimits,
} from './plan.ts'
export { createRateLimiter } from './rate-limiter.ts'
export { repairUsage, type Counted } from './repair-usage.ts'
export { LIMITS_OF_ORG, type OrgLimitsRow } from './usage.sql.ts'
export { aboveLimits, lowerUsage, quotaStep, raiseUsage } from './usage.ts'

export const limitsVerbs: readonly BoundVerb[] = [getLimitsVerb, setLimitsVerb]

/** Windows of callers that have ended tell nothing any more. */
export async function removeEndedWindows(db: Database): Promise<void> {
  await db.cross('keeper', (sql) => sql.run(deleteEndedWindows, {}))
}
