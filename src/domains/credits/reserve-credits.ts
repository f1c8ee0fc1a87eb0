import type { OrgId, RunId } from '../../contract/ids.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { checkReservation } from './amount.ts'
import { balanceOf } from './balance.ts'
import { expireCredits } from './expire-credits.ts'
import * as ledger from './ledger.sql.ts'

export interface Reservation {
  readonly run: RunId
  readonly amount: number
  /** Of several of one run; each is made once, for ever. */
  readonly key?: string
}

/**
 * Sets credits aside for a run, on top of what it has.
 *
 * @throws TenonError `insufficient_credits`, `validation_failed`
 */
export async function reserveCredits(sql: Sql, org: OrgId, { run, amount, key = 'start' }: Reservation): Promise<void> {
  checkReservation(amount)
  const wanted = { org, run, key: `${run}:reserve:${key}`, amount }
  let [row] = await sql.run(ledger.reserve, wanted)
  if (row?.outcome === 'refused' && (await balanceOf(sql, org)).available >= amount) {
    // Something has expired, or others have released meanwhile.
    await expireCredits(sql, org)
    ;[row] = await sql.run(ledger.reserve, wanted)
  }
  if (row?.outcome === 'refused') {
    const { available } = await balanceOf(sql, org)
    throw new TenonError('insufficient_credits', { details: { required: amount, available } })
  }
  await failpoint('credits.reserved')
}
