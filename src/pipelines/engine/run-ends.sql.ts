import type { OrgId, RunId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'
import { ALIVE } from './claim.sql.ts'

export const selectEnds = statement<{ org: OrgId; runs: RunId[] }, { id: RunId; ended: boolean }>(
  'engine.ends',
  `select id, status not in ${ALIVE} as ended from runs where org_id = :org and id = any(:runs)`,
)
