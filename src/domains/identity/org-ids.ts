import type { OrgId } from '../../contract/ids.ts'
import type { Database } from '../../platform/db/index.ts'
import { selectOrgIds } from './identity.sql.ts'

/** Every organisation behind one, in pages, for Tenon's own house-keeping. */
export async function* orgIds(db: Database, begin = ''): AsyncGenerator<OrgId> {
  for (let after = begin; ;) {
    const page = await db.cross('keeper', (sql) => sql.run(selectOrgIds, { after }))
    for (const { orgId } of page) yield (after = orgId)
    if (page.length === 0) return
  }
}
