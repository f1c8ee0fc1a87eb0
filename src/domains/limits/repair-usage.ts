import type { OrgId } from '../../contract/ids.ts'
import type { Quota } from '../../contract/plans.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Database } from '../../platform/db/index.ts'
import { insertUsage, isClosed, lockUsage, setUsage } from './usage.sql.ts'

/** What a count stands for, by those who own the rows. */
export interface Counted {
  readonly quota: Quota
  count(sql: Sql, org: OrgId): Promise<number>
}

/**
 * Counts are raised and lowered in the transactions of what they count, so there is nothing to repair after a crash but
 * what a hand has changed. Whoever raises a count holds its row to the end of its transaction: under that lock the truth
 * stands still. Answers how many counts were wrong.
 */
export async function repairUsage(
  db: Database,
  {
    orgs,
    counted,
    log,
    signal,
  }: { orgs: AsyncIterable<OrgId>; counted: readonly Counted[]; log: Log; signal: AbortSignal },
): Promise<number> {
  let repaired = 0
  for await (const org of orgs) {
    if (signal.aborted) break
    for (const truth of counted) if (await repairOne(db, org, truth, log)) repaired += 1
  }
  return repaired
}

async function repairOne(db: Database, org: OrgId, { quota, count }: Counted, log: Log): Promise<boolean> {
  return db.tenant(org).write(async (sql) => {
    await sql.run(insertUsage, { org, quota })
    const [kept] = await sql.run(lockUsage, { org, quota })
    const [standing] = await sql.run(isClosed, { org })
    // The counts of a closed organisation are full, so that nothing is added to it.
    if (standing?.closed === true) return false
    const used = await count(sql, org)
    if (kept === undefined || kept.used === used) return false
    log.warn({ org, quota, was: kept.used, is: used }, 'a count was wrong and was repaired')
    await sql.run(setUsage, { org, quota, used })
    return true
  })
}
