import { MAX_CREDITS } from '../../contract/credits.ts'
import { TenonError } from '../../kernel/tenon-error.ts'

/** @throws TenonError `validation_failed` for what is no whole number from 1 to a thousand million */
export function checkAmount(amount: number, name = 'amount'): void {
  if (Number.isSafeInteger(amount) && amount >= 1 && amount <= MAX_CREDITS) return
  throw invalid(name, `a whole number from 1 to ${MAX_CREDITS}`)
}

/** The same for a part of a settlement, which may be nothing. */
export function checkPart(amount: number, name: string): void {
  if (amount !== 0) checkAmount(amount, name)
}

export function invalid(path: string, message: string): TenonError {
  return new TenonError('validation_failed', { details: { issues: [{ path, message }] } })
}
