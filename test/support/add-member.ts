import type { UserId } from '../../src/contract/ids.ts'
import type { Role } from '../../src/contract/roles.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { TestDatabase } from './database.ts'

/** As an accepted invitation leaves it: the seat is taken. Somebody without an account when nobody is named. */
export async function addMember(
  { query }: Pick<TestDatabase, 'query'>,
  slug: string,
  { id = newId('user'), role = 'member' }: { id?: UserId; role?: Role } = {},
): Promise<UserId> {
  await query(
    `with joined as (
       insert into members (org_id, user_id, role, created_at)
       select org_id, $2, $3, clock_timestamp() from organizations where slug = $1
       on conflict (org_id, user_id) do nothing returning org_id)
     insert into org_usage (org_id, quota, day, used) select org_id, 'seats', date 'epoch', 1 from joined
     on conflict (org_id, quota) do update set used = org_usage.used + 1`,
    [slug, id, role],
  )
  return id
}
