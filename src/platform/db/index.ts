export { openDatabase, type CrossTenantRole, type Database, type EngineTransaction } from './database.ts'
export { isUniqueViolation } from './database-error.ts'
export { migrate } from './migrate.ts'
