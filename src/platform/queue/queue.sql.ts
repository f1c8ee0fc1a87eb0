import { statement } from '../../kernel/statement.ts'

/** Of all queues together; jobs that are done are no matter any more. */
export const countJobsByState = statement<object, { state: JobState; count: number }>(
  'queue.countJobs',
  `select state::text as state, count(*) as count from pgboss.job
   where state in ('created', 'retry', 'active', 'failed') group by 1`,
)

export type JobState = 'created' | 'retry' | 'active' | 'failed'
