import type { UserId } from '../../contract/ids.ts'
import type { Entered } from '../../kernel/identify.ts'
import type { Database } from '../../platform/db/index.ts'
import { orgRefOf } from '../identity/index.ts'
import { selectEntrances } from './members.sql.ts'

/**
 * As what a person enters an organisation, named by slug or id; without a name the only one that is theirs. null where
 * they do not belong. Asked for with each call: a member who was removed is refused by the next one, on every node.
 */
export async function enterOrg(db: Database, user: UserId, named: string | undefined): Promise<Entered | null> {
  const [entrance, another] = await db.auth.run(selectEntrances, { user, named: named ?? null })
  if (entrance === undefined || another !== undefined) return null
  const { role, ...org } = entrance
  return { org: orgRefOf(org), role }
}
