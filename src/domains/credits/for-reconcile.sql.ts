import type { OrgId, RunId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

export const selectHeld = statement<{ org: OrgId; after: string; limit: number }, { run: RunId; held: number }>(
  'credits.held',
  `select run_id as run, amount - captured - released as held from credit_holds
   where org_id = :org and open and run_id > :after order by run_id limit :limit`,
)

export const selectPaidGrants = statement<{ org: OrgId }, { source: string; amount: number }>(
  'credits.paidGrants',
  `select source, amount from credit_grants where org_id = :org and source like 'stripe:%'`,
)

/** Whoever changes the account waits until the end of the transaction. */
export const holdAccount = statement<{ org: OrgId }>(
  'credits.holdAccount',
  'select from credit_accounts where org_id = :org for update',
)
