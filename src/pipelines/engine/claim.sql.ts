import type { JsonValue } from '../../contract/errors.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/** Work across organisations, as the role of the engine. */
export const ALIVE = `('queued', 'planning', 'running', 'finishing')`
/** A run of the next priority gets four times the share of its organisation's workers. */
const WEIGHT = 'power(4, r.priority)'
/**
 * By shares alone, a run whose share is less than one chunk would wait until the others are done: one that has nothing under
 * way comes first as often as its share says, and before its first work chunk is done at once: a new run begins soon.
 */
const LUCKY = `r.active = 0 and
  (r.chunks_done + r.chunks_failed = 0 or random() < ${WEIGHT} / sum(${WEIGHT}) over (partition by r.org_id))`
/** A chunk that has ended its worker so often is given up. */
const MAX_LOST = 5

export type StepName = 'plan' | 'work' | 'finish'

export interface ClaimedChunk {
  orgId: OrgId
  runId: RunId
  step: StepName
  n: number
  attempt: number
  tries: number
  pipeline: string
  runInput: JsonValue
  chunkInput: JsonValue
  requestId: string
  /** What the run costs; null for a free one. */
  priceRun: number | null
  priceChunk: number | null
  /** Of the call that started the run. */
  traceParent: string | null
}
export interface ChunkKey {
  org: OrgId
  run: RunId
  step: StepName
  n: number
  attempt: number
}

/** One claim at a time over all workers: under it, the caps on active chunks are exact. Ends with the transaction. */
export const lockClaims = statement<object>('engine.lockClaims', 'select pg_advisory_xact_lock(7420002)')

export interface LostChunk {
  orgId: OrgId
  runId: RunId
  step: StepName
  n: number
  attempt: number
  state: 'ready' | 'failed' | 'skipped'
  pipeline: string
  priceChunk: number | null
}

/**
 * Chunks whose worker is gone are ready again; the attempt stays, so that a late write is refused, and no try is used. One
 * that was lost too often has failed; what is left of a run that has ended is skipped. What somebody else is changing waits
 * for the next look.
 */
export const reapExpired = statement<object, LostChunk>(
  'engine.reapExpired',
  `with old as (
     select c.org_id, c.run_id, c.step, c.n, r.status in ${ALIVE} as alive, r.pipeline, r.price_chunk
     from chunks c join runs r on r.org_id = c.org_id and r.id = c.run_id
     where c.state = 'claimed' and c.lease_until < clock_timestamp() for no key update skip locked),
   expired as (
     update chunks c set lost = c.lost + 1, lease_until = null, claimed_by = null,
       state = case when not o.alive then 'skipped' when c.lost + 1 >= ${MAX_LOST} then 'failed' else 'ready' end,
       error_code = case when o.alive and c.lost + 1 >= ${MAX_LOST} then 'worker_lost' else c.error_code end
     from old o where c.org_id = o.org_id and c.run_id = o.run_id and c.step = o.step and c.n = o.n
     returning c.org_id, c.run_id, c.step, c.n, c.attempt, c.state, o.pipeline, o.price_chunk),
   freed as (select org_id, run_id, count(*)::int as count from expired group by 1, 2),
   lowered as (
     update runs r set active = r.active - freed.count from freed where r.org_id = freed.org_id and r.id = freed.run_id)
   select org_id, run_id, step, n, attempt, state, pipeline, price_chunk from expired`,
)

/**
 * Fair over organisations first, then over the runs of each by their priority; spread over the least active. Never more of
 * a run than its own cap, and of an organisation than its plan's. Runs are locked before chunks, as by whoever ends or pauses
 * one: what is claimed belongs to a run that goes on.
 */
export const claimChunks = statement<{ slots: number; worker: string; leaseMs: number }, ClaimedChunk>(
  'engine.claim',
  `with by_org as (
     select org_id, sum(active)::int as active, max(org_max_active) filter (where status in ${ALIVE}) as cap
     from runs where status in ${ALIVE} or active > 0 group by org_id),
   claimable as (
     select r.org_id, r.id, r.active, r.max_active, o.active as org_active, o.cap, ${WEIGHT} as weight,
       case when ${LUCKY} then 0 else 1 end as luck,
       case r.status when 'running' then 'work' when 'finishing' then 'finish' else 'plan' end as step
     from runs r join by_org o using (org_id)
     where r.status in ${ALIVE} and r.paused_at is null and r.active < r.max_active and o.active < o.cap
       and exists (select 1 from chunks c
         where c.org_id = r.org_id and c.run_id = r.id and c.state = 'ready' and c.ready_at <= clock_timestamp()
           and c.step = case r.status when 'running' then 'work' when 'finishing' then 'finish' else 'plan' end)),
   candidate as (
     select r.* from claimable r
     order by org_active + row_number() over (partition by org_id order by luck, active / weight, id), active, id
     limit greatest(:slots, 1)),
   locked as (
     select r.org_id, r.id from runs r join candidate using (org_id, id)
     where r.status in ${ALIVE} and r.paused_at is null order by r.org_id, r.id for no key update of r skip locked),
   place as (
     select c.org_id, c.run_id, c.step, c.n, (r.active + c.place) / r.weight as run_place, r.cap,
       r.org_active + row_number() over (
         partition by c.org_id order by greatest(r.luck, c.place - 1) > 0, (r.active + c.place) / r.weight, r.id) as org_place
     from candidate r join locked using (org_id, id) cross join lateral (
       select org_id, run_id, step, n, row_number() over (order by n) as place from chunks
       where org_id = r.org_id and run_id = r.id and step = r.step and state = 'ready' and ready_at <= clock_timestamp()
       order by n limit least(:slots, r.max_active - r.active)) c),
   chosen as (select * from place where org_place <= cap order by org_place, run_place limit :slots),
   claimed as (
     update chunks t set state = 'claimed', attempt = t.attempt + 1, claimed_by = :worker,
       lease_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
     from chosen c where t.org_id = c.org_id and t.run_id = c.run_id and t.step = c.step and t.n = c.n and t.state = 'ready'
     returning t.org_id, t.run_id, t.step, t.n, t.attempt, t.tries, t.input),
   counted as (select org_id, run_id, count(*)::int as count from claimed group by 1, 2),
   raised as (
     update runs r set active = r.active + counted.count, started_at = coalesce(r.started_at, now()),
       status = case when r.status = 'queued' then 'planning' else r.status end
     from counted where r.org_id = counted.org_id and r.id = counted.run_id
     returning r.org_id, r.id, r.pipeline, r.input, r.request_id, r.trace_parent, r.price_run, r.price_chunk)
   select c.org_id, c.run_id, c.step, c.n, c.attempt, c.tries, c.input as chunk_input,
     r.pipeline, r.input as run_input, r.request_id, r.trace_parent, r.price_run, r.price_chunk
   from claimed c join raised r on r.org_id = c.org_id and r.id = c.run_id`,
)

/**
 * One statement for all that a worker holds; answers what it still holds. `held` names the chunks: one that is the
 * worker's by its row alone, since its outcome could not be settled, has to expire.
 */
export const renewLeases = statement<
  { worker: string; leaseMs: number; held: string },
  { orgId: OrgId; runId: RunId; step: string; n: number; attempt: number }
>(
  'engine.renewLeases',
  `update chunks c set lease_until = clock_timestamp() + :leaseMs * interval '1 millisecond'
   from jsonb_to_recordset(:held::jsonb) as h (org text, run text, step text, n int, attempt int), runs r
   where c.org_id = h.org and c.run_id = h.run and c.step = h.step and c.n = h.n and c.attempt = h.attempt
     and c.claimed_by = :worker and c.state = 'claimed' and r.org_id = c.org_id and r.id = c.run_id and r.status in ${ALIVE}
   returning c.org_id, c.run_id, c.step, c.n, c.attempt`,
)

/** Says that a worker lives, and forgets those that have not said so for a minute. */
export const seeWorker = statement<{ worker: string }>(
  'engine.seeWorker',
  `with gone as (delete from workers where seen_at < clock_timestamp() - interval '1 minute')
   insert into workers (id) values (:worker) on conflict (id) do update set seen_at = clock_timestamp()`,
)

export const forgetWorker = statement<{ worker: string }>(
  'engine.forgetWorker',
  'delete from workers where id = :worker',
)
