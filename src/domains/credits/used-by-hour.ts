import type { Database } from '../../platform/db/index.ts'
import { sumUsed } from './used-by-hour.sql.ts'

/** Credits that runs have used since then, by organisation and hour. */
export function usedCredits(db: Database, since: string) {
  return db.cross('engine', (sql) => sql.run(sumUsed, { since }))
}
