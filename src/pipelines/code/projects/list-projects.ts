import { z } from 'zod'
import { listProjects } from '../../../contract/projects.ts'
import { decodeCursor, encodeCursor } from '../../../kernel/cursor.ts'
import { fitPage } from '../../../kernel/fit-page.ts'
import { implement } from '../../../kernel/verb.ts'
import { selectProjects } from './projects.sql.ts'

const position = z.strictObject({ after: z.string().max(100) })

export const listProjectsVerb = implement(listProjects, async ({ sql, orgId }, { limit, cursor, maxTokens }) => {
  const after = cursor === undefined ? null : decodeCursor(cursor, position).after
  const rows = await sql.run(selectProjects, { org: orgId(), after, limit: limit + 1 })
  const data = fitPage(rows, { limit, maxTokens })
  return { data, nextCursor: rows.length > data.length ? encodeCursor({ after: data.at(-1)?.name ?? '' }) : null }
})
