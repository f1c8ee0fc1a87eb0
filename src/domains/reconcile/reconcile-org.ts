import type { FindingKind } from '../../contract/finding-kinds.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { BillingState } from '../billing/index.ts'
import { recordFinding, resolveOthers, type FoundThing } from '../findings/index.ts'
import { aboveLimits } from '../limits/index.ts'
import { checkGrants } from './check-grants.ts'
import { checkLedger } from './check-ledger.ts'
import { checkReservations } from './check-reservations.ts'
import { checkSubscriptions } from './check-subscriptions.ts'
import type { ReconcileDeps } from './deps.ts'
import type { OrgCheck } from './org-check.ts'
import { upsertReconciliation } from './reconcile.sql.ts'
import { createTally, type Tally } from './tally.ts'

/** What only these checks find: what they do not find again is over. */
const KINDS: readonly FindingKind[] = ['credit_drift', 'hold_without_run', 'hold_of_ended_run', 'above_limit']
const STRIPE_KINDS: readonly FindingKind[] = [
  'tier_drift',
  'subscription_drift',
  'grant_missing',
  'grant_without_invoice',
]

/** Compares one organisation with everything, and says into `whole` what came of it. Any number of these may run at once. */
export async function reconcileOrg(
  deps: ReconcileDeps,
  org: OrgId,
  { dryRun, whole }: { readonly dryRun: boolean; readonly whole: Tally },
): Promise<void> {
  const tally = createTally()
  const check: OrgCheck = { deps, org, dryRun, tally, left: [] }
  let state: BillingState | null = null
  try {
    await checkLedger(check)
    await checkReservations(check)
    if (deps.billing !== null) {
      state = await checkSubscriptions(check, deps.billing)
      if (state?.customer !== 'unknown') await checkGrants(check, deps.billing, state?.customerId ?? null)
    }
  } catch (error) {
    if (!dryRun) await conclude(check, { state: 'failed', over: [] })
    throw error
  } finally {
    for (const { check: name, checked } of tally.checks()) if (checked > 0) whole.checked(name, checked)
    for (const one of tally.seen) whole.saw(one)
  }
  if (dryRun) return
  const standing = check.left.length > 0 ? 'failed' : state?.syncing === true ? 'pending' : 'synced'
  await conclude(check, { state: standing, over: comparedIn(deps, state) })
}

/** Kinds of findings that would have been found now. */
function comparedIn({ billing }: ReconcileDeps, state: BillingState | null): readonly FindingKind[] {
  if (billing === null || state?.customer === 'unknown') return KINDS
  return [...KINDS, ...STRIPE_KINDS, ...(state?.customer === 'there' ? (['customer_missing'] as const) : [])]
}

interface Conclusion {
  readonly state: 'synced' | 'pending' | 'failed'
  readonly over: readonly FindingKind[]
}

function conclude({ deps, org, tally, left }: OrgCheck, { state, over }: Conclusion): Promise<void> {
  return deps.db.tenant(org).write(async (sql) => {
    const seen = [...left, ...(await beyondPlan(sql, org))]
    for (const found of seen) await recordFinding(sql, org, found)
    await resolveOthers(sql, org, { kinds: over, seen })
    await sql.run(upsertReconciliation, { org, state, ...tally.sum() })
  })
}

/** Told beside what is found: nothing is wrong with it. */
async function beyondPlan(sql: Sql, org: OrgId): Promise<FoundThing[]> {
  return (await aboveLimits(sql, org)).map(({ quota, used, limit }) => ({
    kind: 'above_limit',
    subject: quota,
    details: { used, limit },
  }))
}
