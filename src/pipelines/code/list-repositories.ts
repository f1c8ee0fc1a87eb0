import { z } from 'zod'
import { listRepositories } from '../../contract/code.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { fitPage } from '../../kernel/fit-page.ts'
import { implement } from '../../kernel/verb.ts'
import { selectRepositories } from './code.sql.ts'

const position = z.strictObject({ after: z.string().max(100) })

export const listRepositoriesVerb = implement(
  listRepositories,
  async ({ sql, orgId }, { limit, cursor, maxTokens }) => {
    const after = cursor === undefined ? null : decodeCursor(cursor, position).after
    const rows = await sql.run(selectRepositories, { org: orgId(), after, limit: limit + 1 })
    const data = fitPage(rows, { limit, maxTokens })
    return { data, nextCursor: rows.length > data.length ? encodeCursor({ after: data.at(-1)?.name ?? '' }) : null }
  },
)
