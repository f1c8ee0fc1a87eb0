import type { ErrorCode } from '../../contract/errors.ts'
import type { OrgId, RunId, ScheduleId } from '../../contract/ids.ts'
import type { Chunk, Run, RunLog, RunStatus } from '../../contract/runs.ts'
import type { JsonValue } from '../../contract/errors.ts'
import { statement } from '../../kernel/statement.ts'
import { ALIVE } from './claim.sql.ts'
import { WORK_CHANNEL } from './wake-up.ts'

export interface RunRow {
  id: RunId
  pipeline: string
  status: RunStatus
  subject: string | null
  summary: Run['summary']
  errorCode: ErrorCode | null
  requestId: string
  chunksTotal: number | null
  chunksDone: number
  chunksFailed: number
  /** -1, 0 or 1 */
  priority: number
  active: number
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  pausedAt: string | null
  archivedAt: string | null
  schedule: ScheduleId | null
  /** In credits, as it was when the run was started; null for a free one. */
  priceRun: number | null
  priceChunk: number | null
  /** When the next chunk may be tried again; null when one can be claimed now. */
  retryAt: string | null
  /** Of a run that waits: whether its organisation has as many chunks under way as it may. */
  crowded: boolean | null
  /** Of a run that waits: whether a worker was seen lately. */
  worked: boolean | null
}

const WAITS = `runs.status in ${ALIVE} and runs.active = 0 and runs.paused_at is null`
const COLUMNS = `runs.id, runs.pipeline, runs.status, runs.subject, runs.summary, runs.error_code, runs.request_id, runs.chunks_total,
  runs.chunks_done, runs.chunks_failed, runs.priority, runs.active, runs.created_at, runs.started_at, runs.ended_at, runs.paused_at,
  runs.archived_at, runs.schedule_id as schedule, runs.price_run, runs.price_chunk,
  case when ${WAITS} then
    (select min(c.ready_at) from chunks c where c.org_id = runs.org_id and c.run_id = runs.id and c.state = 'ready'
     having min(c.ready_at) > now()) end as retry_at,
  case when ${WAITS} then
    (select sum(o.active) >= runs.org_max_active from runs o where o.org_id = runs.org_id and o.active > 0) end as crowded,
  case when ${WAITS} then exists (select from workers where seen_at > now() - interval '30 seconds') end as worked`

export const insertRun = statement<
  {
    org: OrgId
    id: RunId
    pipeline: string
    subject: string | null
    input: string
    requestId: string
    createdBy: string
    maxActive: number
    orgMaxActive: number
    priority: number
    schedule: ScheduleId | null
    traceParent: string | null
    priceRun: number | null
    priceChunk: number | null
  },
  RunRow
>(
  'engine.insertRun',
  `insert into runs (org_id, id, pipeline, status, subject, input, request_id, created_by, max_active, org_max_active, priority, schedule_id, trace_parent, price_run, price_chunk)
   values (:org, :id, :pipeline, 'queued', :subject, :input, :requestId, :createdBy, :maxActive, :orgMaxActive, :priority, :schedule, :traceParent, :priceRun, :priceChunk)
   returning ${COLUMNS}`,
)

/** The first chunk of a run; workers hear of it when the transaction commits. */
export const insertPlan = statement<{ org: OrgId; id: RunId }>(
  'engine.insertPlan',
  `with plan as (insert into chunks (org_id, run_id, step, n) values (:org, :id, 'plan', 0) returning n)
   select pg_notify('${WORK_CHANNEL}', '') from plan`,
)

export const selectRun = statement<{ org: OrgId; id: string }, RunRow>(
  'engine.run',
  `select ${COLUMNS} from runs where org_id = :org and id = :id`,
)

/** What only the engine wants to know. */
export const selectRunInput = statement<
  { org: OrgId; id: string },
  { id: RunId; pipeline: string; subject: string | null; ended: boolean; input: JsonValue }
>(
  'engine.runInput',
  'select id, pipeline, subject, ended_at is not null as ended, input from runs where org_id = :org and id = :id',
)

/** Held to the end of the transaction. */
export const lockRun = statement<{ org: OrgId; id: string }, RunRow>(
  'engine.lockRun',
  `select ${COLUMNS} from runs where org_id = :org and id = :id for update of runs`,
)

export const selectRuns = statement<
  { org: OrgId; status: string | null; pipeline: string | null; before: string | null; limit: number },
  RunRow
>(
  'engine.runs',
  `select ${COLUMNS} from runs
   where org_id = :org and (:status::text is null or status = :status) and (:pipeline::text is null or pipeline = :pipeline)
     and (:before::text is null or id < :before)
   order by id desc limit :limit`,
)

export const selectActiveRun = statement<{ org: OrgId; subject: string }, RunRow>(
  'engine.activeRun',
  `select ${COLUMNS} from runs where org_id = :org and subject = :subject and status in ${ALIVE} order by id desc limit 1`,
)

export interface RunFilter {
  org: OrgId
  pipeline: string | null
  subject: string | null
  schedule: string | null
  createdBefore: string | null
  run: string | null
}

export const selectAlive = statement<
  RunFilter & { limit: number },
  { id: RunId; pipeline: string; subject: string | null; input: JsonValue }
>(
  'engine.aliveRuns',
  `select id, pipeline, subject, input from runs
   where org_id = :org and status in ${ALIVE} and (:run::text is null or id = :run)
     and (:pipeline::text is null or pipeline = :pipeline) and (:subject::text is null or subject = :subject)
     and (:schedule::text is null or schedule_id = :schedule)
     and (:createdBefore::timestamptz is null or created_at < :createdBefore::timestamptz)
   order by id limit :limit`,
)

/** Workers that have them under way hear of it when the transaction commits. */
/**
 * Held to the end of the transaction, before any row: of two calls that end the same runs, the second finds them ended
 * instead of losing them halfway.
 */
export const lockCancelling = statement<{ org: OrgId }>(
  'engine.lockCancelling',
  `select pg_advisory_xact_lock(hashtextextended('cancel ' || :org, 0))`,
)

export const cancelRuns = statement<{ org: OrgId; ids: RunId[] }, { id: RunId; priceRun: number | null }>(
  'engine.cancelRuns',
  `with locked as (
     select org_id, id from runs where org_id = :org and id = any(:ids) and status in ${ALIVE} order by id for update),
   cancelled as (
     update runs r set status = 'cancelled', ended_at = clock_timestamp(), paused_at = null
     from locked l where r.org_id = l.org_id and r.id = l.id returning r.org_id, r.id, r.price_run),
   skipped as (
     update chunks c set state = 'skipped' from cancelled r
     where c.org_id = r.org_id and c.run_id = r.id and c.state = 'ready'),
   told as (select pg_notify('${WORK_CHANNEL}', id) from cancelled)
   select id, price_run from cancelled, (select count(*) from told) as t`,
)

export const setPaused = statement<{ org: OrgId; id: RunId; paused: boolean }, RunRow>(
  'engine.setPaused',
  `update runs set paused_at = case when :paused::boolean then coalesce(paused_at, clock_timestamp()) end
   where org_id = :org and id = :id and status in ${ALIVE} returning ${COLUMNS}`,
)

export const ringWorkers = statement<object>('engine.ringWorkers', `select pg_notify('${WORK_CHANNEL}', '')`)

/** The chunks that are done again: those that failed or were left, or all of them. */
export const resetChunks = statement<
  { org: OrgId; run: RunId; all: boolean },
  { step: 'plan' | 'work' | 'finish'; was: string }
>(
  'engine.resetChunks',
  `with old as (
     select step, n, state from chunks where org_id = :org and run_id = :run and state <> 'claimed'
       and (:all::boolean or step = 'finish' or state in ('failed', 'skipped')) for update)
   update chunks c set state = 'ready', tries = 0, lost = 0, error_code = null, ready_at = clock_timestamp()
   from old o where c.org_id = :org and c.run_id = :run and c.step = o.step and c.n = o.n
   returning c.step, o.state as was`,
)

export const countChunks = statement<{ org: OrgId; run: RunId }, { done: number; planned: boolean; left: number }>(
  'engine.countChunks',
  `select count(*) filter (where step = 'work' and state = 'done') as done,
     coalesce(bool_or(step = 'plan' and state = 'done'), false) as planned,
     count(*) filter (where step = 'work' and state <> 'done') as left
   from chunks where org_id = :org and run_id = :run`,
)

export const reviveRun = statement<
  {
    org: OrgId
    id: RunId
    status: RunStatus
    from: RunStatus[]
    done: number
    orgMaxActive: number
    traceParent: string | null
  },
  RunRow
>(
  'engine.reviveRun',
  `update runs set status = :status, ended_at = null, error_code = null, summary = null, chunks_done = :done, chunks_failed = 0,
     chunks_total = case when :status::text = 'planning' then null else chunks_total end,
     expires_at = clock_timestamp() + interval '24 hours', org_max_active = :orgMaxActive,
     trace_parent = :traceParent
   where org_id = :org and id = :id and status = any(:from) returning ${COLUMNS}`,
)

export const selectChunks = statement<
  { org: OrgId; run: string; state: string | null; afterStep: number; afterN: number; limit: number },
  Omit<Chunk, 'error'> & { errorCode: ErrorCode | null; place: number }
>(
  'engine.chunks',
  `select step, n, state, tries, lost, error_code, case when state = 'ready' then ready_at end as ready_at, place
   from (select c.*, array_position(array['plan', 'work', 'finish'], step) as place from chunks c
         where org_id = :org and run_id = :run and (:state::text is null or state = :state)) c
   where (place, n) > (:afterStep::int, :afterN::int) order by place, n limit :limit`,
)

export const countActiveRuns = statement<{ org: OrgId }, { count: number }>(
  'engine.countActiveRuns',
  `select count(*) from runs where org_id = :org and status in ${ALIVE}`,
)

export const insertLog = statement<{ org: OrgId; run: RunId; level: string; message: string }>(
  'engine.insertLog',
  'insert into run_logs (org_id, run_id, level, message) values (:org, :run, :level, :message)',
)

export const selectLogs = statement<
  { org: OrgId; run: string; level: string | null; after: number; limit: number },
  RunLog & { id: number }
>(
  'engine.logs',
  `select id, at, level, message from run_logs
   where org_id = :org and run_id = :run and id > :after and (:level::text is null or level = :level)
   order by id limit :limit`,
)
