import type { OrgId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { grantCredits } from './grant-credits.ts'

/** The credits of a plan for one calendar month of UTC. */
export interface Month {
  /** What each organisation is given them by, once. */
  readonly source: string
  readonly name: string
  readonly end: Date
}

export function monthOf(now: Date): Month {
  const name = now.toISOString().slice(0, 7)
  return { source: `plan:${name}`, name, end: new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)) }
}

/** Gives an organisation what the plan that it was given has for this month; what is left of it ends with the month. */
export async function grantMonth(
  sql: Sql,
  org: OrgId,
  { amount, now }: { readonly amount: number; readonly now: Date },
): Promise<{ readonly granted: boolean }> {
  const { source, name, end } = monthOf(now)
  return grantCredits(sql, org, { kind: 'plan', source, amount, expiresAt: end, note: `Credits of ${name}` })
}
