import type { OrgId } from '../../src/contract/ids.ts'
import { statement } from '../../src/kernel/statement.ts'

interface Tally {
  pipeline: string
  runs: number
  failed: number
}

export const selectTally = statement<{ org: OrgId; since: Date }, Tally>(
  'runs.tally',
  `select pipeline, count(*) as runs, count(*) filter (where status = 'failed') as failed
   from runs where org_id = :org and created_at >= :since group by pipeline order by pipeline`,
)
