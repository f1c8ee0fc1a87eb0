import { chmodSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

export interface ExclusiveFile {
  /** Gives the lock up; the file stays. Safe to call twice. */
  release(): void
}

const SQLITE_BUSY = 5

/** A database that nobody refers to is closed by the garbage collector, and its lock with it. */
const held = new Set<DatabaseSync>()

/**
 * Takes a lock that the operating system gives up when this process ends, however it ends; null when another process,
 * or another holder in this one, has it. An open exclusive transaction of SQLite is the one such lock that Node has on
 * every system. Never open the file by other means: closing it would drop the lock.
 *
 * @throws the SQLite error when the file can not be opened.
 */
export function tryLockFile(path: string): ExclusiveFile | null {
  const database = new DatabaseSync(path, { timeout: 0 })
  try {
    database.exec('PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE')
    chmodSync(path, 0o600)
  } catch (error) {
    database.close()
    if (isBusy(error)) return null
    throw error
  }
  held.add(database)
  return {
    release() {
      if (held.delete(database)) database.close()
    },
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}
