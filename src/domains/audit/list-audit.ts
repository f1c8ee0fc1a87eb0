import { z } from 'zod'
import { listAudit } from '../../contract/audit.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { implement } from '../../kernel/verb.ts'
import { selectNewest, selectOldest } from './audit.sql.ts'
import { factsOf, genesisHash } from './chain.ts'

const position = z.strictObject({ after: z.int().min(1) })

export const listAuditVerb = implement(
  listAudit,
  async ({ sql, orgId }, { action = null, outcome = null, order, limit, cursor }) => {
    const org = orgId()
    const after = cursor === undefined ? 0 : decodeCursor(cursor, position).after
    const select = order === 'newest' ? selectNewest : selectOldest
    const rows = await sql.run(select, { org, action, outcome, after, limit: limit + 1 })
    const page = rows.slice(0, limit)
    const genesis = genesisHash(org)
    return {
      data: page.map(({ seq, entry, hash, previousHash }) => ({
        seq,
        ...factsOf(entry),
        hash: hash.toString('hex'),
        previousHash: (previousHash ?? genesis).toString('hex'),
      })),
      nextCursor: rows.length > limit ? encodeCursor({ after: page.at(-1)?.seq ?? 1 }) : null,
    }
  },
)
