import type { BillingRecords, PaidFor } from '../billing/index.ts'
import { paidGrants } from '../credits/index.ts'
import { auditRepair } from './audit-repair.ts'
import { sawLeft, sawRepaired, type OrgCheck } from './org-check.ts'

/** What was paid beside what was granted for it. A grant has the key of what was paid, so that it can not be made twice. */
export async function checkGrants(check: OrgCheck, billing: BillingRecords, customer: string | null): Promise<void> {
  const { deps, org, tally } = check
  const granted = await paidGrants(deps.db.tenant(org).read, org)
  const listed = new Set<string>()
  if (customer !== null)
    for await (const { source, grants } of billing.paidBy(customer, granted)) {
      listed.add(source)
      tally.checked('grants')
      if (grants !== null) await grantMissing(check, billing, grants)
    }
  for (const [source, amount] of granted) {
    if (listed.has(source)) continue
    tally.checked('grants')
    // It may be of a former customer.
    if (!(await billing.wasPaid(source)))
      sawLeft(check, 'grants', { kind: 'grant_without_invoice', subject: source, details: { credits: amount } })
  }
}

async function grantMissing(check: OrgCheck, billing: BillingRecords, paid: PaidFor): Promise<void> {
  const { deps, org, dryRun } = check
  const found = { kind: 'grant_missing', subject: paid.source, details: { credits: paid.credits } } as const
  if (dryRun) return sawLeft(check, 'grants', found)
  // Somebody else may have granted it since the look.
  if (!(await billing.grant(org, paid))) return
  await deps.db.tenant(org).write((sql) => auditRepair(sql, org, { ...found, clock: deps.clock }))
  sawRepaired(check, 'grants', found.kind, found.subject)
}
