import { creditDrift } from '../credits/index.ts'
import { sawLeft, type OrgCheck } from './org-check.ts'

/** The sums of the ledger beside the balances. Nothing is mended: which of the two is right, a person has to find out. */
export async function checkLedger(check: OrgCheck): Promise<void> {
  const { deps, org, tally } = check
  const drift = await creditDrift(deps.db.tenant(org).read, org)
  tally.checked('ledger')
  if (drift.length === 0) return
  const details = Object.fromEntries(drift.map(({ what, expected, found }) => [what, { expected, found }]))
  sawLeft(check, 'ledger', { kind: 'credit_drift', subject: 'ledger', details })
}
