import { z } from 'zod'
import { listInvitations } from '../../contract/members.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { implement } from '../../kernel/verb.ts'
import { selectInvitations } from './invitations.sql.ts'
import { presentInvitation } from './present-invitation.ts'

const position = z.strictObject({ before: z.string().max(64) })

export const listInvitationsVerb = implement(listInvitations, async ({ sql, orgId, clock }, { limit, cursor }) => {
  const before = cursor === undefined ? null : decodeCursor(cursor, position).before
  const rows = await sql.run(selectInvitations, { org: orgId(), before, limit: limit + 1 })
  const now = clock.now()
  const data = rows.slice(0, limit).map((row) => presentInvitation(row, now))
  return { data, nextCursor: rows.length > limit ? encodeCursor({ before: data.at(-1)?.id ?? '' }) : null }
})
