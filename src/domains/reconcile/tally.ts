import { CHECKS, type Check, type CheckName, type Seen } from '../../contract/reconcile.ts'

/** What was looked at and what came of it, check by check. */
export interface Tally {
  /** So many things were compared. */
  checked(check: CheckName, count?: number): void
  saw(seen: Seen): void
  readonly checks: () => Check[]
  readonly seen: readonly Seen[]
  readonly sum: () => { readonly checked: number; readonly found: number; readonly repaired: number }
}

export function createTally(): Tally {
  const checked = new Map<CheckName, number>()
  const seen: Seen[] = []
  const checks = (): Check[] =>
    (Object.keys(CHECKS) as CheckName[]).map((check) => {
      const own = seen.filter((one) => one.check === check)
      const repaired = own.filter((one) => one.repaired).length
      return { check, checked: checked.get(check) ?? 0, found: own.length, repaired }
    })
  return {
    checked: (check, count = 1) => void checked.set(check, (checked.get(check) ?? 0) + count),
    saw: (one) => void seen.push(one),
    checks,
    seen,
    sum: () => ({
      checked: [...checked.values()].reduce((total, count) => total + count, 0),
      found: seen.length,
      repaired: seen.filter(({ repaired }) => repaired).length,
    }),
  }
}

/** Whether something is left that somebody has to look at. */
export function isOpen(checks: readonly Check[]): boolean {
  return checks.some(({ check, found, repaired }) => !CHECKS[check].told && found > repaired)
}
