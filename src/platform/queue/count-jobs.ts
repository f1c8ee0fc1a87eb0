import type { Sql } from '../../kernel/statement.ts'
import { countJobsByState, type JobState } from './queue.sql.ts'

export type JobCounts = Readonly<Record<JobState, number>>

/** As the role of the engine. */
export async function countJobs(sql: Sql): Promise<JobCounts> {
  const rows = await sql.run(countJobsByState, {})
  return {
    created: 0,
    retry: 0,
    active: 0,
    failed: 0,
    ...Object.fromEntries(rows.map(({ state, count }) => [state, count])),
  }
}
