import type { OrgId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { checkAmount, invalid } from './amount.ts'
import { expireCredits } from './expire-credits.ts'
import * as ledger from './ledger.sql.ts'

export interface NewGrant {
  readonly kind: 'plan' | 'pack' | 'promotion'
  /** What has granted it, such as `stripe:invoice:in_1`: it grants once, for ever. */
  readonly source: string
  readonly amount: number
  /** null: never. */
  readonly expiresAt: Date | null
  readonly note?: string
}

/**
 * What was spent before is taken off the grants that were there: only what is spent from now on is taken off this one.
 *
 * @throws TenonError `validation_failed`
 */
export async function grantCredits(
  sql: Sql,
  org: OrgId,
  { kind, source, amount, expiresAt, note }: NewGrant,
): Promise<{ readonly granted: boolean }> {
  checkAmount(amount)
  await expireCredits(sql, org)
  const [row] = await sql.run(ledger.grant, {
    org,
    id: newId('grant'),
    kind,
    source,
    amount,
    expiresAt: expiresAt?.toISOString() ?? null,
    note: note ?? null,
  })
  if (row === undefined || row.outcome === 'refused')
    throw invalid('amount', `so that the organisation has no more than ${ledger.MAX_BALANCE}`)
  return { granted: row.outcome === 'done' }
}
