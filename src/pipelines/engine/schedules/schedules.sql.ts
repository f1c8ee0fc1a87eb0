import type { ErrorCode, JsonValue } from '../../../contract/errors.ts'
import type { OrgId, RunId, ScheduleId } from '../../../contract/ids.ts'
import { statement } from '../../../kernel/statement.ts'

export interface ScheduleRow {
  id: ScheduleId
  name: string
  pipeline: string
  input: Record<string, JsonValue>
  cron: string
  timeZone: string
  jitterSeconds: number
  priority: number
  enabled: boolean
  createdAt: string
  nextAt: string | null
  lastAt: string | null
  lastRun: RunId | null
  lastError: ErrorCode | null
}

const COLUMNS = `id, name, pipeline, input, cron, time_zone, jitter_seconds, priority, enabled, created_at, next_at, last_at,
  last_run, last_error`

export const insertSchedule = statement<
  {
    org: OrgId
    id: ScheduleId
    name: string
    pipeline: string
    input: string
    cron: string
    timeZone: string
    jitterSeconds: number
    priority: number
    enabled: boolean
    createdBy: string
    nextAt: Date | null
  },
  ScheduleRow
>(
  'engine.insertSchedule',
  `insert into schedules (org_id, id, name, pipeline, input, cron, time_zone, jitter_seconds, priority, enabled, created_by, next_at)
   values (:org, :id, :name, :pipeline, :input, :cron, :timeZone, :jitterSeconds, :priority, :enabled, :createdBy, :nextAt)
   on conflict (org_id, name) do nothing returning ${COLUMNS}`,
)

export const countSchedules = statement<{ org: OrgId }, { count: number }>(
  'engine.countSchedules',
  'select count(*) from schedules where org_id = :org',
)

export const selectSchedules = statement<{ org: OrgId; after: string | null; limit: number }, ScheduleRow>(
  'engine.schedules',
  `select ${COLUMNS} from schedules where org_id = :org and (:after::text is null or name > :after) order by name limit :limit`,
)

/** By id or name. */
export const lockSchedule = statement<{ org: OrgId; key: string }, ScheduleRow>(
  'engine.lockSchedule',
  `select ${COLUMNS} from schedules where org_id = :org and (id = :key or name = :key)
   order by (id = :key) desc limit 1 for update`,
)

export const updateSchedule = statement<
  {
    org: OrgId
    id: ScheduleId
    input: string
    cron: string
    timeZone: string
    jitterSeconds: number
    priority: number
    enabled: boolean
    nextAt: Date | null
  },
  ScheduleRow
>(
  'engine.updateSchedule',
  `update schedules set input = :input, cron = :cron, time_zone = :timeZone, jitter_seconds = :jitterSeconds,
     priority = :priority, enabled = :enabled, next_at = :nextAt
   where org_id = :org and id = :id returning ${COLUMNS}`,
)

export const deleteSchedule = statement<{ org: OrgId; id: ScheduleId }>(
  'engine.deleteSchedule',
  'delete from schedules where org_id = :org and id = :id',
)

export const deleteSchedules = statement<{ org: OrgId }>(
  'engine.deleteSchedules',
  'delete from schedules where org_id = :org',
)

/** One that is due, for this worker alone until the transaction ends; by the role of the engine. */
export const lockDue = statement<object, ScheduleRow & { orgId: OrgId }>(
  'engine.lockDue',
  `select org_id, ${COLUMNS} from schedules where next_at <= clock_timestamp() order by next_at limit 1 for update skip locked`,
)

export const noteStart = statement<{
  org: OrgId
  id: ScheduleId
  nextAt: Date | null
  run: RunId | null
  error: ErrorCode | null
}>(
  'engine.noteStart',
  `update schedules set next_at = :nextAt, last_at = clock_timestamp(), last_run = coalesce(:run, last_run), last_error = :error
   where org_id = :org and id = :id`,
)
