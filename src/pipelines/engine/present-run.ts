import { ERRORS } from '../../contract/errors.ts'
import type { Run } from '../../contract/runs.ts'
import type { RunRow } from './runs.sql.ts'

/** A row as callers see it: of a failure, only the code and its fixed text. */
export function presentRun(row: RunRow): Run {
  const { chunksTotal, chunksDone, chunksFailed, errorCode, active, retryAt, ...rest } = row
  return {
    ...rest,
    progress: { chunksTotal, chunksDone, chunksFailed },
    error: errorCode === null ? null : { code: errorCode, message: ERRORS[errorCode].message },
    waiting:
      row.endedAt !== null || active > 0 ? null : retryAt === null ? 'a free worker' : `the next try at ${retryAt}`,
  }
}
