import { getBilling } from '../../contract/billing.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { BillingCore } from './core.ts'
import { describeBilling } from './describe-billing.ts'

export function getBillingVerb({ settings }: BillingCore): BoundVerb {
  return implement(getBilling, ({ sql, orgId }) => describeBilling(sql, orgId(), settings))
}
