import type { OrgId, RunId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { checkAmount } from './amount.ts'
import { selectHold } from './credits.sql.ts'
import { expireCredits } from './expire-credits.ts'
import * as ledger from './ledger.sql.ts'

export interface Refund {
  readonly run: RunId
  /** It is given back once, for ever. */
  readonly key: string
  readonly amount: number
  readonly reason: string
}

/**
 * Gives back what a run was charged, as credits that do not expire.
 *
 * @throws TenonError `not_found`, `refund_exceeds_charge`, `validation_failed`
 */
export async function refundCredits(sql: Sql, org: OrgId, { run, key, amount, reason }: Refund): Promise<void> {
  checkAmount(amount)
  await expireCredits(sql, org)
  const wanted = { org, run, key: `${run}:refund:${key}`, amount, reason, id: newId('grant') }
  const [row] = await sql.run(ledger.refund, wanted)
  if (row?.outcome !== 'refused') return
  const [hold] = await sql.run(selectHold, { org, run })
  if (hold === undefined) throw new TenonError('not_found')
  const refundable = hold.captured - hold.refunded
  throw new TenonError('refund_exceeds_charge', { details: { requested: amount, refundable } })
}
