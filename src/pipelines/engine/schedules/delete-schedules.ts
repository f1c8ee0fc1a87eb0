import type { OrgId } from '../../../contract/ids.ts'
import type { Database } from '../../../platform/db/index.ts'
import { deleteSchedules as deleteRows } from './schedules.sql.ts'

/** All of an organisation that was closed. */
export async function deleteSchedules(db: Database, org: OrgId): Promise<void> {
  await db.tenant(org).write((sql) => sql.run(deleteRows, { org }))
}
