import type { FindingKind } from '../../contract/finding-kinds.ts'
import type { BillingRecords, BillingState } from '../billing/index.ts'
import type { FoundThing } from '../findings/index.ts'
import { auditRepair } from './audit-repair.ts'
import { sawLeft, sawRepaired, type OrgCheck } from './org-check.ts'

/** The plan and the subscriptions of an organisation beside those in Stripe. Answers how it stands; null without a customer. */
export async function checkSubscriptions(check: OrgCheck, billing: BillingRecords): Promise<BillingState | null> {
  const { deps, org, dryRun, tally } = check
  const before = await billing.inspect(org)
  if (before === null) return null
  tally.checked('subscriptions', 1)
  const found = differencesIn(before)
  // One that Stripe has never heard of is of another account, or another key: nobody's plan ends for that.
  if (found.length === 0 || dryRun || before.customer === 'unknown') {
    for (const one of found) sawLeft(check, 'subscriptions', one)
    return before
  }
  await billing.sync(org)
  const after = await billing.inspect(org)
  const left = new Set((after === null ? [] : differencesIn(after)).map(keyOf))
  for (const one of found) {
    if (left.has(keyOf(one))) {
      sawLeft(check, 'subscriptions', one)
      continue
    }
    sawRepaired(check, 'subscriptions', one.kind, one.subject)
    await deps.db.tenant(org).write((sql) => auditRepair(sql, org, { ...one, clock: deps.clock }))
  }
  return after
}

const keyOf = ({ kind, subject }: { readonly kind: FindingKind; readonly subject: string }) => `${kind} ${subject}`

function differencesIn({ customer, customerId, plan, differing }: BillingState): FoundThing[] {
  const missing: FoundThing = {
    kind: 'customer_missing',
    subject: 'stripe',
    details: { customer: customerId, state: customer },
  }
  if (customer === 'unknown') return [missing]
  return [
    ...(customer === 'deleted' ? [missing] : []),
    ...(plan.here === plan.stripe ? [] : [{ kind: 'tier_drift', subject: 'plan', details: { ...plan } } as const]),
    ...differing.map((subject) => ({ kind: 'subscription_drift', subject }) as const),
  ]
}
