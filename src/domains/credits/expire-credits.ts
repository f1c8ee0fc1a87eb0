import type { OrgId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import * as ledger from './ledger.sql.ts'

const TRIES = 50

/**
 * Takes what was spent off the grants and writes off what has expired. Inside a transaction the account is held from here to
 * its end; outside of one, whoever was quicker makes it look again.
 */
export async function expireCredits(sql: Sql, org: OrgId): Promise<{ readonly lapsed: number }> {
  for (let left = TRIES; left > 0; left--) {
    await sql.run(ledger.lockAccount, { org })
    const [row] = await sql.run(ledger.expire, { org })
    if (row?.stale === false) return { lapsed: row.lapsed }
  }
  throw new TenonError('unavailable')
}
