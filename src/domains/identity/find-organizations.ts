import type { Organization } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { Database } from '../../platform/db/index.ts'
import { findOrganizations as find } from './identity.sql.ts'

/** Those of these organisations that are there, in any order. */
export async function findOrganizations(db: Database, orgs: readonly OrgId[]): Promise<Organization[]> {
  return db.cross('auth', (sql) => sql.run(find, { orgs }))
}
