import { ROLES } from '../../contract/roles.ts'
import type { OrgId, UserId } from '../../contract/ids.ts'
import type { Scope } from '../../contract/scopes.ts'
import type { Sql } from '../../kernel/statement.ts'
import { holdMember } from './members.sql.ts'

/** What a member may do now, held to the end of the transaction; null for who is none any more. */
export async function memberHold(sql: Sql, org: OrgId, user: UserId): Promise<readonly Scope[] | null> {
  const [held] = await sql.run(holdMember, { org, user })
  return held === undefined ? null : ROLES[held.role]
}
