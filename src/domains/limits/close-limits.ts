import type { OrgId } from '../../contract/ids.ts'
import { QUOTAS } from '../../contract/plans.ts'
import type { Sql } from '../../kernel/statement.ts'
import { closeLimits as closeRow, closeUsage, insertUsage, lockUsage } from './usage.sql.ts'
import { DAILY } from './usage.ts'

const STANDING = QUOTAS.filter((quota) => !DAILY.has(quota))

/**
 * Part of closing an organisation: what its plan counts can not be raised any more, and every node hears of it. Answers how
 * many runs have not ended; with any, the caller has to take its transaction back.
 */
export async function closeLimits(sql: Sql, org: OrgId): Promise<{ runs: number }> {
  let runs = 0
  for (const quota of STANDING) {
    await sql.run(insertUsage, { org, quota })
    // Whoever starts a run meanwhile waits for this lock, and then finds the count full.
    const [held] = await sql.run(lockUsage, { org, quota })
    if (quota === 'concurrentRuns') runs = held?.used ?? 0
    await sql.run(closeUsage, { org, quota })
  }
  await sql.run(closeRow, { org })
  return { runs }
}
