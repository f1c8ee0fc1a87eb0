import { statement } from '../../kernel/statement.ts'
import { ALIVE } from './claim.sql.ts'

/** For all organisations together: how many, and of nobody in particular. */
export interface BacklogRow {
  ready: number
  waiting: number
  active: number
  oldestReadyMs: number
  queued: number
  planning: number
  running: number
  finishing: number
  paused: number
  workers: number
}

/**
 * A chunk that could be claimed now is ready; one whose run is paused, whose turn in its run or whose next try has not come is
 * waiting. Only the chunks of runs that have not ended are looked at: 140 ms for 500,000 of them.
 */
export const countBacklog = statement<object, BacklogRow>(
  'engine.backlog',
  `with alive as (
     select org_id, id, status, paused_at is not null as paused,
       case status when 'running' then 'work' when 'finishing' then 'finish' else 'plan' end as step
     from runs where status in ${ALIVE}),
   by_status as (
     select count(*) filter (where paused) as paused,
       count(*) filter (where not paused and status = 'queued') as queued,
       count(*) filter (where not paused and status = 'planning') as planning,
       count(*) filter (where not paused and status = 'running') as running,
       count(*) filter (where not paused and status = 'finishing') as finishing
     from alive),
   unclaimed as (
     select count(*) as all, count(*) filter (where claimable) as ready, min(ready_at) filter (where claimable) as oldest
     from (
       select c.ready_at, not r.paused and c.step = r.step and c.ready_at <= clock_timestamp() as claimable
       from alive r join chunks c on c.org_id = r.org_id and c.run_id = r.id
       where c.state = 'ready') c)
   select u.ready, u.all - u.ready as waiting,
     coalesce(extract(epoch from clock_timestamp() - u.oldest) * 1000, 0)::float8 as oldest_ready_ms,
     (select count(*) from chunks where lease_until is not null and state = 'claimed') as active,
     s.paused, s.queued, s.planning, s.running, s.finishing,
     (select count(*) from workers where seen_at > clock_timestamp() - interval '15 seconds') as workers
   from unclaimed u, by_status s`,
)

/** What is only watched must not wait as long as what works. For the rest of the transaction. */
export const beQuick = statement<{ ms: string }, { ms: string }>(
  'engine.beQuick',
  `select set_config('statement_timeout', :ms, true) as ms`,
)
