import type { OrgId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/** By organisation and hour, for who watches over all of them. */
export const countStarted = statement<{ since: string }, { org: OrgId; hour: string; count: number }>(
  'engine.started',
  `select org_id as org, date_trunc('hour', created_at, 'UTC') as hour, count(*) as count
   from runs where created_at >= :since::timestamptz group by 1, 2`,
)
