import type { ErrorCode } from '../../contract/errors.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import type { Run, RunLog, RunStatus } from '../../contract/runs.ts'
import { statement } from '../../kernel/statement.ts'

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
  active: number
  createdAt: string
  startedAt: string | null
  endedAt: string | null
  /** When the next chunk may be tried again; null when one can be claimed now. */
  retryAt: string | null
}

const COLUMNS = `id, pipeline, status, subject, summary, error_code, request_id, chunks_total, chunks_done, chunks_failed,
  active, created_at, started_at, ended_at,
  case when status in ('queued', 'planning', 'running', 'finishing') and active = 0 then
    (select min(c.ready_at) from chunks c where c.org_id = runs.org_id and c.run_id = runs.id and c.state = 'ready'
     having min(c.ready_at) > now()) end as retry_at`

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
  },
  RunRow
>(
  'engine.insertRun',
  `insert into runs (org_id, id, pipeline, status, subject, input, request_id, created_by, max_active)
   values (:org, :id, :pipeline, 'queued', :subject, :input, :requestId, :createdBy, :maxActive)
   returning ${COLUMNS}`,
)

export const insertPlan = statement<{ org: OrgId; id: RunId }>(
  'engine.insertPlan',
  `insert into chunks (org_id, run_id, step, n) values (:org, :id, 'plan', 0)`,
)

export const selectRun = statement<{ org: OrgId; id: string }, RunRow>(
  'engine.run',
  `select ${COLUMNS} from runs where org_id = :org and id = :id`,
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
  `select ${COLUMNS} from runs
   where org_id = :org and subject = :subject and status in ('queued', 'planning', 'running', 'finishing')
   order by id desc limit 1`,
)

export const cancelRuns = statement<{ org: OrgId; subject: string }, { id: RunId }>(
  'engine.cancelRuns',
  `update runs set status = 'cancelled', ended_at = now()
   where org_id = :org and subject = :subject and status in ('queued', 'planning', 'running', 'finishing') returning id`,
)

export const countActiveRuns = statement<{ org: OrgId }, { count: number }>(
  'engine.countActiveRuns',
  `select count(*) from runs where org_id = :org and status in ('queued', 'planning', 'running', 'finishing')`,
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
