import { z } from 'zod'
import { listMembers } from '../../contract/members.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectMembers } from './members.sql.ts'
import type { People } from './people.ts'
import { presentMembers } from './present-member.ts'

const position = z.strictObject({ after: z.iso.datetime(), afterId: z.string().max(64) })

export function listMembersVerb(people: People): BoundVerb {
  return implement(listMembers, async ({ sql, orgId }, { limit, cursor }) => {
    const from = cursor === undefined ? { after: null, afterId: null } : decodeCursor(cursor, position)
    const rows = await sql.run(selectMembers, { org: orgId(), ...from, limit: limit + 1 })
    const data = await presentMembers(people, rows.slice(0, limit))
    const last = rows.length > limit ? data.at(-1) : undefined
    return { data, nextCursor: last === undefined ? null : encodeCursor({ after: last.joinedAt, afterId: last.id }) }
  })
}
