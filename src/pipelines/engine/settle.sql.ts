import type { ErrorCode, JsonValue } from '../../contract/errors.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import type { RunStatus } from '../../contract/runs.ts'
import { statement } from '../../kernel/statement.ts'
import { ALIVE, type ChunkKey } from './claim.sql.ts'

/** Every statement that settles is fenced by the attempt: no row means that the attempt is over and nothing was written. */
const HELD = `c.org_id = :org and c.run_id = :run and c.step = :step and c.n = :n and c.attempt = :attempt and c.state = 'claimed'`
const FREE = 'claimed_by = null, lease_until = null'

export interface WrittenChunk {
  orgId: OrgId
  runId: RunId
  n: number
  attempt: number
  last: boolean
}

/**
 * Work without effects, as much as has come together, of any run: chunks, counts and the last step of those that were the
 * last. Answers what was written.
 */
export const settleWork = statement<{ outcomes: string }, WrittenChunk>(
  'engine.settleWork',
  `with given as (
     select * from jsonb_to_recordset(:outcomes::jsonb) as g (org text, run text, n int, attempt int, result jsonb)),
   done as (
     update chunks c set state = 'done', result = g.result, done_at = clock_timestamp(), ${FREE}
     from given g, runs r
     where c.org_id = g.org and c.run_id = g.run and c.step = 'work' and c.n = g.n and c.attempt = g.attempt
       and c.state = 'claimed' and r.org_id = c.org_id and r.id = c.run_id and r.status = 'running'
     returning c.org_id, c.run_id, c.n, c.attempt),
   counted as (select org_id, run_id, count(*)::int as count from done group by 1, 2 order by 1, 2),
   raised as (
     update runs r set chunks_done = r.chunks_done + counted.count, active = r.active - counted.count,
       status = case when r.status = 'running' and r.chunks_done + counted.count + r.chunks_failed = r.chunks_total
         then 'finishing' else r.status end
     from counted where r.org_id = counted.org_id and r.id = counted.run_id returning r.org_id, r.id, r.status),
   finish as (
     insert into chunks (org_id, run_id, step, n) select org_id, id, 'finish', 0 from raised where status = 'finishing'
     on conflict do nothing)
   select d.org_id, d.run_id, d.n, d.attempt, r.status = 'finishing' as last
   from done d join raised r on r.org_id = d.org_id and r.id = d.run_id`,
)

export const settleDone = statement<ChunkKey & { result: string }, { state: string }>(
  'engine.settleDone',
  `update chunks c set state = 'done', result = :result, done_at = clock_timestamp(), ${FREE}
   from runs r where ${HELD} and r.org_id = c.org_id and r.id = c.run_id
     and case :step when 'work' then r.status = 'running' else r.status in ${ALIVE} end returning c.state`,
)

/** Ready again, at once or later. */
export const settleReady = statement<
  ChunkKey & { usedTry: boolean; waitMs: number; code: string | null },
  { state: string }
>(
  'engine.settleReady',
  `update chunks c set state = 'ready', ${FREE}, error_code = :code,
     tries = c.tries + case when :usedTry::boolean then 1 else 0 end,
     ready_at = clock_timestamp() + :waitMs * interval '1 millisecond'
   where ${HELD} returning c.state`,
)

/** What is left of a run that has ended; the run is locked already, so that a retry comes before or after. */
export const skipChunk = statement<ChunkKey>(
  'engine.skipChunk',
  `update chunks set state = 'skipped'
   where org_id = :org and run_id = :run and step = :step and n = :n and attempt = :attempt and state = 'ready'`,
)

export const settleFailed = statement<ChunkKey & { code: string }, { state: string }>(
  'engine.settleFailed',
  `update chunks c set state = 'failed', error_code = :code, tries = c.tries + 1, done_at = clock_timestamp(), ${FREE}
   where ${HELD} returning c.state`,
)

export const lowerActive = statement<{ org: OrgId; run: RunId }, { alive: boolean }>(
  'engine.lowerActive',
  `update runs set active = active - 1 where org_id = :org and id = :run returning status in ${ALIVE} as alive`,
)

/**
 * What a lost attempt at the plan, or an earlier life of the run, has left; what is under way of it is not any more. No row
 * when the attempt is over: then the work is that of another.
 */
export const deleteWork = statement<{ org: OrgId; run: RunId; attempt: number }, { deleted: number }>(
  'engine.deleteWork',
  `with fence as (
     select org_id, run_id from chunks
     where org_id = :org and run_id = :run and step = 'plan' and n = 0 and attempt = :attempt and state = 'claimed' for share),
   gone as (
     delete from chunks c using fence f where c.org_id = f.org_id and c.run_id = f.run_id and c.step = 'work' returning c.state),
   lowered as (
     update runs set active = active - (select count(*) from gone where state = 'claimed')
     where org_id = :org and id = :run and exists (select from gone where state = 'claimed'))
   select (select count(*) from gone) as deleted from fence`,
)

/**
 * A part of a plan. The plan's own row is held meanwhile, so that nobody claims it anew between the look at the attempt and
 * the writing. No row when the attempt is over. Attempts at its chunks go on from those of every plan before, so that no
 * fencing token comes twice in a run.
 */
export const insertWork = statement<
  { org: OrgId; run: RunId; attempt: number; from: number; inputs: string },
  { n: number }
>(
  'engine.insertWork',
  `with fence as (
     select org_id, run_id from chunks
     where org_id = :org and run_id = :run and step = 'plan' and n = 0 and attempt = :attempt and state = 'claimed' for share)
   insert into chunks (org_id, run_id, step, n, input, attempt)
   select f.org_id, f.run_id, 'work', (:from::int + place - 1)::int, value, :attempt::int * 65536
   from fence f, jsonb_array_elements(:inputs::jsonb) with ordinality as e (value, place) returning n`,
)

export const insertFinish = statement<{ org: OrgId; run: RunId }>(
  'engine.insertFinish',
  `insert into chunks (org_id, run_id, step, n) values (:org, :run, 'finish', 0) on conflict do nothing`,
)

export const setPlanned = statement<
  { org: OrgId; run: RunId; status: string; from: string[]; total: number },
  { status: string }
>(
  'engine.setPlanned',
  `update runs set status = :status, chunks_total = :total, chunks_done = 0, chunks_failed = 0, active = active - 1
   where org_id = :org and id = :run and status = any(:from) returning status`,
)

/** Counts one work chunk; `finishing` when it was the last. */
export const countWork = statement<
  { org: OrgId; run: RunId; done: number; failed: number; held: number },
  { status: RunStatus }
>(
  'engine.countWork',
  `update runs set chunks_done = chunks_done + :done::int, chunks_failed = chunks_failed + :failed::int, active = active - :held::int,
     status = case when status = 'running' and chunks_done + :done::int + chunks_failed + :failed::int = chunks_total
       then 'finishing' else status end
   where org_id = :org and id = :run returning status`,
)

export interface ResultRow {
  n: number
  result: JsonValue
  errorCode: ErrorCode | null
}

/** Of all work chunks, in their order, in pages. */
export const selectResults = statement<{ org: OrgId; run: RunId; after: number; limit: number }, ResultRow>(
  'engine.results',
  `select n, result, error_code from chunks
   where org_id = :org and run_id = :run and step = 'work' and n > :after order by n limit :limit`,
)

export const endRun = statement<
  {
    org: OrgId
    run: RunId
    status: string
    from: string[]
    summary: string | null
    code: string | null
    failed: number
    held: number
  },
  { status: string }
>(
  'engine.endRun',
  `update runs set status = :status, summary = :summary, error_code = :code, ended_at = clock_timestamp(), paused_at = null,
     active = active - :held::int, chunks_failed = chunks_failed + :failed::int
   where org_id = :org and id = :run and status = any(:from) returning status`,
)

/** Takes no lock: a failure writes what the pipeline wants before it ends the run, in the order of every settlement. */
export const selectAlive = statement<
  { org: OrgId; run: RunId },
  { pipeline: string; subject: string | null; input: JsonValue; chunksFailed: number; priceRun: number | null }
>(
  'engine.alive',
  `select pipeline, subject, input, chunks_failed, price_run from runs where org_id = :org and id = :run and status in ${ALIVE}`,
)

/** What is left of a run that has ended is not claimed any more. */
export const skipRest = statement<{ org: OrgId; run: RunId }>(
  'engine.skipRest',
  `update chunks set state = 'skipped' where org_id = :org and run_id = :run and state = 'ready'`,
)
