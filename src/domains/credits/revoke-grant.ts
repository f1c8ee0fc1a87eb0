import type { OrgId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { checkAmount } from './amount.ts'
import { expireCredits } from './expire-credits.ts'
import * as ledger from './ledger.sql.ts'
import { selectGrant } from './credits.sql.ts'

const TRIES = 5

/**
 * Takes back what is left of a grant, or a part of it; never what is spent or reserved. `short` is what could not be taken.
 * A source that has granted nothing has nothing to take back.
 */
export async function revokeGrant(
  sql: Sql,
  org: OrgId,
  {
    source,
    key,
    amount,
  }: {
    readonly source: string
    /** What takes it back, such as `stripe:refund:re_1`: once, for ever. */
    readonly key: string
    /** null: all of it. */
    readonly amount: number | null
  },
): Promise<{ readonly revoked: number; readonly short: number }> {
  if (amount !== null) checkAmount(amount)
  for (let left = TRIES; left > 0; left--) {
    await expireCredits(sql, org)
    const [row] = await sql.run(ledger.revoke, { org, source, key: `revoke:${key}`, amount })
    if (row !== undefined) return { revoked: row.revoked, short: row.short }
    if ((await sql.run(selectGrant, { org, source })).length === 0) return { revoked: 0, short: amount ?? 0 }
  }
  throw new TenonError('unavailable')
}
