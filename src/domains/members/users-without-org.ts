import type { UserId } from '../../contract/ids.ts'
import type { Clock } from '../../kernel/ctx.ts'
import type { MembersDeps } from './members-deps.ts'
import { selectUsersWithout } from './members.sql.ts'

const PAGE = 500
const MINUTE_MS = 60_000

/** People whose account has been there for so long, and who belong to no organisation. */
export async function* usersWithoutOrg(
  { db, people, clock }: Pick<MembersDeps, 'db' | 'people'> & { readonly clock: Clock },
  olderThanMinutes: number,
): AsyncGenerator<UserId> {
  for (let after = ''; ;) {
    const page = await people.verifiedUsers(after, PAGE)
    const last = page.at(-1)
    if (last === undefined) return
    const before = clock.now().getTime() - olderThanMinutes * MINUTE_MS
    const users = page.filter(({ createdAt }) => Date.parse(createdAt) <= before).map(({ id }) => id)
    for (const { id } of await db.accounts.run(selectUsersWithout, { users })) yield id
    after = last.id
  }
}
