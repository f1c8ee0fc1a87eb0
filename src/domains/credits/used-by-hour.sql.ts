import type { OrgId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/** Across organisations, as the engine: what runs have used. */
export const sumUsed = statement<{ since: string }, { org: OrgId; hour: string; count: number }>(
  'credits.usedByHour',
  `select org_id as org, date_trunc('hour', at, 'UTC') as hour, (- sum(d_reserved))::bigint as count
   from credit_entries where at >= :since::timestamptz and kind = 'capture' group by 1, 2`,
)
