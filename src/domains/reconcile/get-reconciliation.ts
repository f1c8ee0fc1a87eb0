import { getReconciliation } from '../../contract/reconcile.ts'
import { implement } from '../../kernel/verb.ts'
import { selectReconciliation } from './reconcile.sql.ts'

const NEVER = { state: 'pending', reconciledAt: null, checked: 0, found: 0, repaired: 0 } as const

export const getReconciliationVerb = implement(getReconciliation, async ({ sql, orgId }) => {
  const [row] = await sql.run(selectReconciliation, { org: orgId() })
  return row ?? NEVER
})
