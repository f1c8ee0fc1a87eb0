import { ERRORS } from '../../contract/errors.ts'
import { PRIORITIES, type Priority, type Run } from '../../contract/runs.ts'
import type { RunCredits } from '../../domains/credits/index.ts'
import type { RunRow } from './runs.sql.ts'

const NOTHING: RunCredits = { reserved: 0, captured: 0, released: 0 }

/** A row as callers see it: of a failure, only the code and its fixed text. */
export function presentRun(row: RunRow, credits: RunCredits = NOTHING): Run {
  const { id, pipeline, status, subject, summary, requestId, schedule, errorCode } = row
  const { createdAt, startedAt, endedAt, pausedAt, archivedAt, chunksTotal, chunksDone, chunksFailed } = row
  return {
    id,
    pipeline,
    status,
    subject,
    summary,
    requestId,
    schedule,
    createdAt,
    startedAt,
    endedAt,
    pausedAt,
    archivedAt,
    priority: priorityOf(row.priority),
    progress: { chunksTotal, chunksDone, chunksFailed },
    error: errorCode === null ? null : { code: errorCode, message: ERRORS[errorCode].message },
    waiting: waitingOf(row),
    credits: row.priceRun === null ? null : credits,
  }
}

function waitingOf({ endedAt, pausedAt, active, retryAt, crowded, worked }: RunRow): Run['waiting'] {
  if (endedAt !== null || (active > 0 && pausedAt === null)) return null
  if (pausedAt !== null) return { reason: 'paused', until: null }
  if (retryAt !== null) return { reason: 'retry', until: retryAt }
  if (worked === false) return { reason: 'no_worker', until: null }
  return { reason: crowded === true ? 'concurrency' : 'turn', until: null }
}

export function priorityRank(priority: Priority): number {
  return PRIORITIES.indexOf(priority) - 1
}

export function priorityOf(rank: number): Priority {
  return PRIORITIES[rank + 1] ?? 'normal'
}
