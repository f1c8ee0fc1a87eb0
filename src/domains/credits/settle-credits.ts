import type { OrgId, RunId } from '../../contract/ids.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { checkPart } from './amount.ts'
import { selectHold } from './credits.sql.ts'
import { expireCredits } from './expire-credits.ts'
import * as ledger from './ledger.sql.ts'

export interface Settlement {
  readonly run: RunId
  /** Of this settlement, among those of the run: it is made once, for ever. */
  readonly key: string
  readonly captured: number
  readonly released: number
}

/**
 * Charges a run for what it has done, and gives back what it will not use. False when it has not reserved so much: then
 * nothing was changed.
 *
 * @throws TenonError `validation_failed`
 */
export function settleCredits(sql: Sql, org: OrgId, settlement: Settlement): Promise<boolean> {
  return settleOnce(sql, org, { ...settlement, close: false })
}

const TRIES = 5

/**
 * Gives back what a run has reserved and not used, and closes its reservation; of it, up to `capture` is captured. A run
 * that has reserved nothing has nothing to close.
 */
export async function releaseRest(
  sql: Sql,
  org: OrgId,
  { run, key, capture = 0 }: { readonly run: RunId; readonly key: string; readonly capture?: number },
): Promise<void> {
  for (let left = TRIES; left > 0; left--) {
    const [hold] = await sql.run(selectHold, { org, run })
    if (hold === undefined || !hold.open) return
    const rest = hold.reserved - hold.captured - hold.released
    const captured = Math.min(rest, capture)
    // A run that is tried again reserves anew: what is reserved over all its lives tells them apart.
    const settlement = { run, key: `${key}:${hold.reserved}`, captured, released: rest - captured, close: true }
    if (await settleOnce(sql, org, settlement)) return
  }
  throw new TenonError('unavailable')
}

async function settleOnce(sql: Sql, org: OrgId, settlement: Settlement & { close: boolean }): Promise<boolean> {
  const { run, key, captured, released, close } = settlement
  checkPart(captured, 'captured')
  checkPart(released, 'released')
  const [row] = await sql.run(ledger.settle, { org, run, key: `${run}:settle:${key}`, captured, released, close })
  await failpoint('credits.settled')
  if (row?.due === true) await expireCredits(sql, org)
  return row !== undefined && row.outcome !== 'refused'
}
