import type { Database } from '../../platform/db/index.ts'
import type { OnboardingStep } from '../identity/index.ts'
import { limitsOf, lowerUsage, raiseUsage } from '../limits/index.ts'
import { deleteOwner, insertMember } from './members.sql.ts'

/** Whoever makes an organisation is its first owner; the operator makes one that has none. */
export function ownerStep(db: Database): OnboardingStep {
  return {
    name: 'owner',
    run: async ({ id, owner, createdAt }, hold) => {
      if (owner === null) return
      await db.cross('auth', async (sql) => {
        await hold(sql)
        await sql.asTenant(id, async (tenant) => {
          const row = { org: id, user: owner, role: 'owner', at: createdAt, invitedBy: null } as const
          const [made] = await tenant.run(insertMember, row)
          if (made === undefined) return
          await raiseUsage(tenant, id, 'seats', (await limitsOf(tenant, id)).limits)
        })
      })
    },
    undo: async (id, hold) => {
      await db.cross('auth', async (sql) => {
        await hold(sql)
        await sql.asTenant(id, async (tenant) => {
          const removed = await tenant.run(deleteOwner, { org: id })
          await lowerUsage(tenant, id, 'seats', removed.length)
        })
      })
    },
  }
}
