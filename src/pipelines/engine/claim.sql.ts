import type { JsonValue } from '../../contract/errors.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/** Work across organisations, as the role of the engine. Every statement that settles is fenced by the attempt. */
const ALIVE = `('queued', 'planning', 'running', 'finishing')`

export interface ClaimedChunk {
  orgId: OrgId
  runId: RunId
  step: 'plan' | 'work' | 'finish'
  n: number
  attempt: number
  tries: number
  pipeline: string
  runInput: JsonValue
  chunkInput: JsonValue
  requestId: string
}
export interface ChunkKey {
  org: OrgId
  run: RunId
  step: string
  n: number
  attempt: number
}

/** One claim at a time over all workers: under it, `active < max_active` is exact. Ends with the transaction. */
export const lockClaims = statement<object>('engine.lockClaims', 'select pg_advisory_xact_lock(7420002)')

/** Chunks whose worker is gone are ready again; the attempt stays, so that a late write is refused, and no try is used. */
export const reapExpired = statement<object, { orgId: OrgId; runId: RunId; count: number }>(
  'engine.reapExpired',
  `with expired as (
     update chunks set state = 'ready', lease_until = null, claimed_by = null
     where state = 'claimed' and lease_until < clock_timestamp()
     returning org_id, run_id),
   freed as (select org_id, run_id, count(*)::int as count from expired group by 1, 2)
   update runs r set active = r.active - freed.count from freed
   where r.org_id = freed.org_id and r.id = freed.run_id returning r.org_id, r.id as run_id, freed.count`,
)

/** Fair over organisations first, then over runs; spread over the least active. */
export const claimChunks = statement<{ slots: number; worker: string; leaseMs: number }, ClaimedChunk>(
  'engine.claim',
  `with by_org as (
     select org_id, sum(active) as active from runs where status in ${ALIVE} group by org_id),
   candidate as (
     select r.org_id, r.id, r.active, r.max_active, o.active as org_active
     from runs r join by_org o using (org_id)
     where r.status in ${ALIVE} and r.active < r.max_active
       and exists (select 1 from chunks c
         where c.org_id = r.org_id and c.run_id = r.id and c.state = 'ready' and c.ready_at <= clock_timestamp())
     order by o.active + row_number() over (partition by r.org_id order by r.active, r.id), r.active, r.id
     limit greatest(:slots, 1)),
   place as (
     select c.org_id, c.run_id, c.step, c.n, r.active + c.place as run_place,
       r.org_active + row_number() over (partition by c.org_id order by r.active + c.place, r.id) as org_place
     from candidate r cross join lateral (
       select org_id, run_id, step, n, row_number() over (order by n) as place from chunks
       where org_id = r.org_id and run_id = r.id and state = 'ready' and ready_at <= clock_timestamp()
       order by n limit least(:slots, r.max_active - r.active)) c),
   chosen as (select * from place order by org_place, run_place limit :slots),
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
     returning r.org_id, r.id, r.pipeline, r.input, r.request_id)
   select c.org_id, c.run_id, c.step, c.n, c.attempt, c.tries, c.input as chunk_input,
     r.pipeline, r.input as run_input, r.request_id
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

/** The fence: no row means that this attempt is over or the run has ended, and nothing may be written. */
export const settleDone = statement<ChunkKey & { result: string }, { state: string }>(
  'engine.settleDone',
  `update chunks c set state = 'done', result = :result, done_at = clock_timestamp(), claimed_by = null, lease_until = null
   from runs r
   where c.org_id = :org and c.run_id = :run and c.step = :step and c.n = :n and c.attempt = :attempt
     and c.state = 'claimed' and r.org_id = c.org_id and r.id = c.run_id and r.status in ${ALIVE}
   returning c.state`,
)

export const settleReady = statement<
  ChunkKey & { usedTry: boolean; waitMs: number; code: string | null },
  { state: string }
>(
  'engine.settleReady',
  `update chunks set state = 'ready', claimed_by = null, lease_until = null, error_code = :code,
     tries = tries + case when :usedTry::boolean then 1 else 0 end,
     ready_at = clock_timestamp() + :waitMs * interval '1 millisecond'
   where org_id = :org and run_id = :run and step = :step and n = :n and attempt = :attempt and state = 'claimed'
   returning state`,
)

export const settleFailed = statement<ChunkKey & { code: string }, { state: string }>(
  'engine.settleFailed',
  `update chunks set state = 'failed', error_code = :code, done_at = clock_timestamp(), claimed_by = null, lease_until = null
   where org_id = :org and run_id = :run and step = :step and n = :n and attempt = :attempt and state = 'claimed'
   returning state`,
)

export const lowerActive = statement<{ org: OrgId; run: RunId }>(
  'engine.lowerActive',
  'update runs set active = active - 1 where org_id = :org and id = :run',
)

export const insertWork = statement<{ org: OrgId; run: RunId; inputs: string }>(
  'engine.insertWork',
  `insert into chunks (org_id, run_id, step, n, input)
   select :org, :run, 'work', (place - 1)::int, value from jsonb_array_elements(:inputs::jsonb) with ordinality as e (value, place)`,
)

export const insertFinish = statement<{ org: OrgId; run: RunId }>(
  'engine.insertFinish',
  `insert into chunks (org_id, run_id, step, n) values (:org, :run, 'finish', 0)`,
)

export const setPlanned = statement<
  { org: OrgId; run: RunId; status: string; from: string[]; total: number },
  { status: string }
>(
  'engine.setPlanned',
  `update runs set status = :status, chunks_total = :total, active = active - 1
   where org_id = :org and id = :run and status = any(:from) returning status`,
)

/** Counts one work chunk; `finishing` when it was the last. */
export const countDone = statement<{ org: OrgId; run: RunId }, { status: string }>(
  'engine.countDone',
  `update runs set chunks_done = chunks_done + 1, active = active - 1,
     status = case when chunks_done + 1 = chunks_total and status = 'running' then 'finishing' else status end
   where org_id = :org and id = :run returning status`,
)

export const selectResults = statement<{ org: OrgId; run: RunId }, { result: JsonValue }>(
  'engine.results',
  `select result from chunks where org_id = :org and run_id = :run and step = 'work' order by n`,
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
  },
  { status: string }
>(
  'engine.endRun',
  `update runs set status = :status, summary = :summary, error_code = :code, ended_at = clock_timestamp(), active = active - 1,
     chunks_failed = chunks_failed + :failed
   where org_id = :org and id = :run and status = any(:from) returning status`,
)

/** Takes no lock: a failure writes what the pipeline wants before it ends the run, in the order of every settlement. */
export const selectAlive = statement<{ org: OrgId; run: RunId }, { id: RunId }>(
  'engine.alive',
  `select id from runs where org_id = :org and id = :run and status in ${ALIVE}`,
)

/** What is left of a run that has ended is not claimed any more. */
export const skipRest = statement<{ org: OrgId; run: RunId }>(
  'engine.skipRest',
  `update chunks set state = 'skipped' where org_id = :org and run_id = :run and state = 'ready'`,
)
