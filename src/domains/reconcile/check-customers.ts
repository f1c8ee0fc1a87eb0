import { isId } from '../../contract/ids.ts'
import type { OrphanKind } from '../../contract/finding-kinds.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { BillingRecords, ListedCustomer } from '../billing/index.ts'
import { recordOrphan, resolveOrphansUnseen } from '../findings/index.ts'
import { findOrg } from '../identity/index.ts'
import { auditRepair } from './audit-repair.ts'
import { isSettled, type ReconcileDeps } from './deps.ts'
import { selectNow } from './reconcile.sql.ts'
import type { Tally } from './tally.ts'

export interface WholeCheck {
  readonly deps: ReconcileDeps
  readonly dryRun: boolean
  readonly tally: Tally
  readonly signal: AbortSignal
}

const KINDS: readonly OrphanKind[] = ['customer_without_org', 'customer_twice', 'subscription_without_org']

/** Customers and subscriptions in Stripe beside the organisations that they are of. */
export async function checkCustomers(check: WholeCheck, billing: BillingRecords): Promise<void> {
  const { deps, dryRun, tally, signal } = check
  const since = await databaseNow(deps)
  const unlinked = new Set<string>()
  for await (const customer of billing.customers()) {
    stopWhen(signal)
    tally.checked('customers')
    if (isSettled(deps, customer.createdAt) && (await checkCustomer(check, billing, customer)) === 'unlinked')
      unlinked.add(customer.id)
  }
  for await (const { id, customer, createdAt } of billing.subscriptions()) {
    stopWhen(signal)
    tally.checked('customers')
    if (isSettled(deps, createdAt) && !unlinked.has(customer) && (await billing.orgOf(customer)) === null)
      await sawOrphan(check, 'subscription_without_org', id, { customer })
  }
  if (!dryRun) await resolveOrphansUnseen(deps.db, { kinds: KINDS, since })
}

/** What was looked at in part says nothing about the rest. @throws TenonError `unavailable` */
export function stopWhen({ aborted }: AbortSignal): void {
  if (aborted) throw new TenonError('unavailable')
}

export async function databaseNow({ db }: ReconcileDeps): Promise<string> {
  const [row] = await db.cross('reconciler', (sql) => sql.run(selectNow, {}))
  if (row === undefined) throw new TenonError('unavailable')
  return row.now
}

async function checkCustomer(
  check: WholeCheck,
  billing: BillingRecords,
  { id, org: named }: ListedCustomer,
): Promise<'orphan' | 'linked' | 'unlinked'> {
  const { deps, dryRun, tally } = check
  // What Stripe has may have been written by hand; an organisation is named by its id alone.
  const org = isId('org', named) ? ((await findOrg(deps.db, named))?.id ?? null) : null
  if (org === null) return sawOrphan(check, 'customer_without_org', id, { org: named.slice(0, 64) })
  if ((await billing.orgOf(id)) === org) return 'linked'
  if (await billing.hasCustomer(org)) return sawOrphan(check, 'customer_twice', id, { org })
  const repaired = !dryRun && (await billing.adopt(org, id))
  tally.saw({ check: 'customers', org, kind: 'customer_unlinked', subject: id, repaired })
  if (!repaired) return 'unlinked'
  await deps.db
    .tenant(org)
    .write((sql) => auditRepair(sql, org, { kind: 'customer_unlinked', subject: id, clock: deps.clock }))
  await billing.sync(org)
  return 'unlinked'
}

async function sawOrphan(
  { deps, dryRun, tally }: WholeCheck,
  kind: OrphanKind,
  reference: string,
  details: Readonly<Record<string, string>>,
): Promise<'orphan'> {
  tally.saw({ check: 'customers', org: null, kind, subject: reference, repaired: false })
  if (!dryRun) await recordOrphan(deps.db, { system: 'stripe', kind, reference, details })
  return 'orphan'
}
