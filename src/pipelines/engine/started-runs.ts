import type { Database } from '../../platform/db/index.ts'
import { countStarted } from './started-runs.sql.ts'

/** Runs that were started since then, by organisation and hour. */
export function startedRuns(db: Database, since: string) {
  return db.cross('engine', (sql) => sql.run(countStarted, { since }))
}
