import type { OrgId } from '../../../contract/ids.ts'
import { statement } from '../../../kernel/statement.ts'

/** Those that nobody has moved for a while, though they have not ended. */
export const selectStuck = statement<
  object,
  { org: OrgId; slug: string; state: string; steps: string[]; createdAt: string }
>(
  'identity.stuckOnboardings',
  `select org_id as org, slug, state, steps, created_at from onboardings
   where state in ('running', 'stuck') and lease_until < clock_timestamp() - interval '15 minutes' order by created_at limit 1000`,
)

export const countMade = statement<object, { count: number }>(
  'identity.countOnboardings',
  'select count(*) as count from onboardings',
)
