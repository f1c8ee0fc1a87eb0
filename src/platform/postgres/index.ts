export { type DataDirLock, lockDataDir } from './data-dir-lock.ts'
export { type EmbeddedPostgres, startEmbeddedPostgres, type StartOptions } from './start.ts'
