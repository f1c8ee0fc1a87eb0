import { getCredits } from '../../contract/credits.ts'
import { implement } from '../../kernel/verb.ts'
import { selectBalance, selectGrants, selectOpenHolds } from './credits.sql.ts'

/** Of the rest, the ledger tells. */
const SHOWN = 50

export const getCreditsVerb = implement(getCredits, async ({ sql, orgId }) => {
  const org = orgId()
  const [balance] = await sql.run(selectBalance, { org })
  const grants = await sql.run(selectGrants, { org, limit: SHOWN })
  const holds = await sql.run(selectOpenHolds, { org, limit: SHOWN })
  const { available = 0, reserved = 0, usedThisMonth = 0 } = balance ?? {}
  return {
    available,
    reserved,
    usedThisMonth,
    grants,
    reservations: holds.map(({ run, reserved: all, captured, released, openedAt }) => ({
      run,
      reserved: all - captured - released,
      captured,
      since: openedAt,
    })),
  }
})
