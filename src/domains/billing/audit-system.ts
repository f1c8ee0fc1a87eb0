import type { ErrorDetails } from '../../contract/errors.ts'
import type { OrgId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { appendAudit } from '../audit/index.ts'

/** What Tenon does because of what Stripe says, in the trail of the organisation. */
export function auditSystem(
  sql: Sql,
  org: OrgId,
  {
    at,
    action,
    resources,
    details,
  }: {
    readonly at: Date
    readonly action: string
    readonly resources: Record<string, string>
    readonly details: ErrorDetails
  },
): Promise<void> {
  return appendAudit(sql, org, {
    at: at.toISOString(),
    action,
    outcome: 'done',
    code: null,
    actor: 'system:stripe',
    address: '',
    requestId: newId('req'),
    resources,
    details,
  })
}
