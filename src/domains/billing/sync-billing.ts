import { syncBilling } from '../../contract/billing.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { BillingCore } from './core.ts'
import { describeBilling } from './describe-billing.ts'
import { syncNow } from './sync-account.ts'

/** The sync has transactions of its own, since it asks Stripe in between; that of the call keeps who has asked for it. */
export function syncBillingVerb(core: BillingCore): BoundVerb {
  return implement(syncBilling, {
    prepare: ({ orgId }) => syncNow(core, orgId()),
    run: ({ sql, orgId }) => describeBilling(sql, orgId(), core.settings),
  })
}
