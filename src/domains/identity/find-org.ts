import type { OrgRef } from '../../kernel/ctx.ts'
import type { Database } from '../../platform/db/index.ts'
import { limitsOf } from '../limits/index.ts'
import { findOrganization } from './identity.sql.ts'

/** The organisation that the operator names, by slug or id; null when there is none. */
export async function findOrg(db: Database, named: string): Promise<OrgRef | null> {
  return db.cross('auth', async (sql) => {
    const [org] = await sql.run(findOrganization, { named })
    return org === undefined ? null : { ...org, ...(await limitsOf(sql, org.id)) }
  })
}
