import { MAX_CREDITS } from '../../contract/credits.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { MAX_BALANCE } from './ledger.sql.ts'

/** @throws TenonError `validation_failed` for what is no whole number from 1 to `most`, a thousand million */
export function checkAmount(amount: number, name = 'amount', most = MAX_CREDITS): void {
  if (Number.isSafeInteger(amount) && amount >= 1 && amount <= most) return
  throw invalid(name, `a whole number from 1 to ${most}`)
}

/** The same for what is reserved, which may be of many grants. */
export function checkReservation(amount: number): void {
  checkAmount(amount, 'amount', MAX_BALANCE)
}

/** The same for a part of a settlement, which may be nothing. */
export function checkPart(amount: number, name: string): void {
  if (amount !== 0) checkAmount(amount, name, MAX_BALANCE)
}

export function invalid(path: string, message: string): TenonError {
  return new TenonError('validation_failed', { details: { issues: [{ path, message }] } })
}
