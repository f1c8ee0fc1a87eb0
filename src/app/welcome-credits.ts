import { grantCredits } from '../domains/credits/index.ts'
import type { OnboardingStep } from '../domains/identity/index.ts'
import type { Database } from '../platform/db/index.ts'

/** To try Tenon with, beside those of the plan. */
export const WELCOME = { credits: 100, days: 90 } as const

const DAY_MS = 86_400_000

/** Given once to each new organisation; they go with it when its making is undone. */
export function welcomeCreditsStep(db: Database): OnboardingStep {
  return {
    name: 'welcome credits',
    run: async ({ id, createdAt }, hold) => {
      await db.cross('auth', async (sql) => {
        await hold(sql)
        const expiresAt = new Date(createdAt.getTime() + WELCOME.days * DAY_MS)
        const gift = { kind: 'promotion', source: 'welcome', amount: WELCOME.credits, expiresAt } as const
        await sql.asTenant(id, (tenant) => grantCredits(tenant, id, gift))
      })
    },
    undo: async () => {},
  }
}
