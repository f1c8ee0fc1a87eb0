import type { Member } from '../../contract/members.ts'
import type { MemberRow } from './members.sql.ts'
import type { People } from './people.ts'

/** Memberships with what the accounts say of the people. */
export async function presentMembers(people: People, rows: readonly MemberRow[]): Promise<Member[]> {
  const found = new Map((await people.findUsers(rows.map(({ id }) => id))).map((person) => [person.id, person]))
  return rows.map((row) => {
    const { name = null, email = null } = found.get(row.id) ?? {}
    return { ...row, name, email }
  })
}
