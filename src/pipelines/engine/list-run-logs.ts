import { z } from 'zod'
import { listRunLogs } from '../../contract/runs.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { selectLogs, selectRun } from './runs.sql.ts'

const position = z.strictObject({ after: z.int().min(0) })

export const listRunLogsVerb = implement(listRunLogs, async ({ sql, orgId }, { run, level = null, limit, cursor }) => {
  const after = cursor === undefined ? 0 : decodeCursor(cursor, position).after
  const [found] = await sql.run(selectRun, { org: orgId(), id: run })
  if (found === undefined) throw new TenonError('not_found')
  const rows = await sql.run(selectLogs, { org: orgId(), run, level, after, limit: limit + 1 })
  const page = rows.slice(0, limit)
  return {
    data: page.map(({ at, level: of, message }) => ({ at, level: of, message })),
    nextCursor: rows.length > limit ? encodeCursor({ after: page.at(-1)?.id ?? 0 }) : null,
  }
})
