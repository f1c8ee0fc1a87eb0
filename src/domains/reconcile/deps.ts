import type { OrgId, RunId, UserId } from '../../contract/ids.ts'
import type { Clock, Log } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Database } from '../../platform/db/index.ts'
import type { BillingRecords } from '../billing/index.ts'

export interface ReconcileDeps {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  /** null where Stripe is not set up. */
  readonly billing: BillingRecords | null
  /** Of these runs, those that there are, and whether they have ended. */
  readonly runEnds: (sql: Sql, org: OrgId, runs: readonly RunId[]) => Promise<ReadonlyMap<RunId, boolean>>
  /** People whose account is older than that, and who belong to no organisation. */
  readonly usersWithoutOrg?: ((olderThanMinutes: number) => AsyncIterable<UserId>) | undefined
  /** What is younger may be in the making; an hour by default. */
  readonly graceMs?: number | undefined
}

const HOUR_MS = 3_600_000

/** Whether something stands for long enough to be looked at. */
export function isSettled({ clock, graceMs = HOUR_MS }: ReconcileDeps, createdAt: Date): boolean {
  return createdAt.getTime() <= clock.now().getTime() - graceMs
}
