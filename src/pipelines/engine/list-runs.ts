import { z } from 'zod'
import { listRuns } from '../../contract/runs.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { fitPage } from '../../kernel/fit-page.ts'
import { implement } from '../../kernel/verb.ts'
import { showRuns } from './show-run.ts'
import { selectRuns } from './runs.sql.ts'

const position = z.strictObject({ before: z.string().max(64) })

export const listRunsVerb = implement(
  listRuns,
  async ({ sql, orgId }, { status = null, pipeline = null, limit, cursor, maxTokens }) => {
    const before = cursor === undefined ? null : decodeCursor(cursor, position).before
    const org = orgId()
    const rows = await sql.run(selectRuns, { org, status, pipeline, before, limit: limit + 1 })
    const data = fitPage(await showRuns(sql, org, rows), { limit, maxTokens })
    return { data, nextCursor: rows.length > data.length ? encodeCursor({ before: data.at(-1)?.id ?? '' }) : null }
  },
)
