import type { Clock } from '../../kernel/ctx.ts'
import type { Database } from '../../platform/db/index.ts'
import { lowerUsage } from '../limits/index.ts'
import { closeExpired, selectOrgsWithExpired } from './invitations.sql.ts'

/** Gives back the seats of invitations that nobody has accepted in time. */
export async function closeExpiredInvitations(db: Database, clock: Clock): Promise<void> {
  const now = clock.now()
  const orgs = await db.cross('keeper', (sql) => sql.run(selectOrgsWithExpired, { now }))
  for (const { orgId: org } of orgs)
    await db.tenant(org).write(async (sql) => {
      const closed = await sql.run(closeExpired, { org, email: null, now })
      await lowerUsage(sql, org, 'seats', closed.length)
    })
}
