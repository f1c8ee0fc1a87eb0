import { z } from 'zod'
import { listFindings } from '../../contract/findings.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { fitPage } from '../../kernel/fit-page.ts'
import { implement } from '../../kernel/verb.ts'
import { selectFindings } from './findings.sql.ts'

const position = z.strictObject({ before: z.string().max(64) })

export const listFindingsVerb = implement(
  listFindings,
  async ({ sql, orgId }, { status = null, severity = null, source = null, limit, cursor, maxTokens }) => {
    const before = cursor === undefined ? null : decodeCursor(cursor, position).before
    const filter = { org: orgId(), status, severity, source, before, limit: limit + 1 }
    const rows = await sql.run(selectFindings, filter)
    const data = fitPage(rows, { limit, maxTokens })
    return { data, nextCursor: rows.length > data.length ? encodeCursor({ before: data.at(-1)?.id ?? '' }) : null }
  },
)
