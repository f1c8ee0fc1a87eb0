import type { OrgId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { selectDrift } from './credits.sql.ts'

/** Something that must hold at every moment and does not. */
export interface CreditDrift {
  readonly what: string
  readonly expected: number
  readonly found: number
}

/** The sums of the ledger beside balances, reservations and grants, in one look. */
export function creditDrift(sql: Sql, org: OrgId): Promise<readonly CreditDrift[]> {
  return sql.run(selectDrift, { org })
}
