import type { ErrorDetails } from '../../contract/errors.ts'
import type { FindingKind } from '../../contract/finding-kinds.ts'
import type { OrgId } from '../../contract/ids.ts'
import { reconcileStripe } from '../../contract/reconcile.ts'
import type { Clock } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { appendAudit } from '../audit/index.ts'

export interface Repair {
  readonly kind: FindingKind
  readonly subject: string
  readonly details?: ErrorDetails
}

/** What was mended, in the trail of the organisation. */
export function auditRepair(
  sql: Sql,
  org: OrgId,
  { kind, subject, details = {}, clock }: Repair & { readonly clock: Clock },
): Promise<void> {
  return appendAudit(sql, org, {
    at: clock.now().toISOString(),
    action: reconcileStripe.name,
    outcome: 'done',
    code: null,
    actor: 'system:reconcile',
    address: '',
    requestId: newId('req'),
    resources: { subject },
    details: { repaired: kind, ...details },
  })
}
