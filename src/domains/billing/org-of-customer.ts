import type { OrgId } from '../../contract/ids.ts'
import { selectOrgOfCustomer } from './accounts.sql.ts'
import type { BillingCore } from './core.ts'

/** Whose customer it is, by our own record; null when it is nobody's. */
export async function orgOfCustomer({ db }: Pick<BillingCore, 'db'>, customer: string): Promise<OrgId | null> {
  const [row] = await db.cross('billing', (sql) => sql.run(selectOrgOfCustomer, { customer }))
  return row?.orgId ?? null
}
