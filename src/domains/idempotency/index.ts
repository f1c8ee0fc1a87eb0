import type { Database } from '../../platform/db/index.ts'
import { deleteExpired } from './idempotency.sql.ts'

export { idempotencySteps } from './steps.ts'
export { requestDigest } from './request-digest.ts'

export async function removeExpiredRecords(db: Database): Promise<void> {
  while ((await db.cross('keeper', (sql) => sql.run(deleteExpired, {}))).length > 0);
}
