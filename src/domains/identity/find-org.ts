import type { OrgRef } from '../../kernel/ctx.ts'
import type { Database } from '../../platform/db/index.ts'
import { effectiveLimits } from '../limits/index.ts'
import { findOrganization, type OpenOrgRow } from './identity.sql.ts'

/** The organisation that the operator names, by slug or id; null when there is none. */
export async function findOrg(db: Database, named: string): Promise<OrgRef | null> {
  const [org] = await db.auth.run(findOrganization, { named })
  return org === undefined ? null : orgRefOf(org)
}

export function orgRefOf({ id, slug, ...limits }: OpenOrgRow): OrgRef {
  return { id, slug, ...effectiveLimits(limits) }
}
