export {
  openDatabase,
  type CrossTenantRole,
  type Database,
  type EngineTransaction,
  type PoolConnections,
} from './database.ts'
export { isUniqueViolation } from './database-error.ts'
export type { LentPool } from './lent-pool.ts'
export { migrate } from './migrate.ts'
