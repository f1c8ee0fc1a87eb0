import type { BoundVerb } from '../../kernel/verb.ts'
import { getCreditsVerb } from './get-credits.ts'
import { getStatementVerb } from './get-statement.ts'
import { grantVerb } from './grant-verb.ts'
import { listEntriesVerb } from './list-entries.ts'
import { refundVerb } from './refund-verb.ts'

export { balanceOf, creditsOfRuns, wasCharged, type Balance, type RunCredits } from './balance.ts'
export { creditDrift, type CreditDrift } from './drift.ts'
export { heldCredits, paidGrants, releaseHeld } from './for-reconcile.ts'
export { expireCredits } from './expire-credits.ts'
export { grantCredits, type NewGrant } from './grant-credits.ts'
export { refundCredits, type Refund } from './refund-credits.ts'
export { reserveCredits, type Reservation } from './reserve-credits.ts'
export { revokeGrant } from './revoke-grant.ts'
export { releaseRest, settleCredits, type Settlement } from './settle-credits.ts'
export { sweepCredits } from './sweep.ts'
export { usedCredits } from './used-by-hour.ts'

export const creditsVerbs: readonly BoundVerb[] = [
  getCreditsVerb,
  listEntriesVerb,
  getStatementVerb,
  grantVerb,
  refundVerb,
]
