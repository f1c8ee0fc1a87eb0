import { statfs } from 'node:fs/promises'

import { TenonError } from '../../kernel/tenon-error.ts'

const NO_SPACE = new Set(['ENOSPC', 'EDQUOT'])
const NOT_WRITABLE = new Set(['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST', 'ELOOP', 'ENAMETOOLONG', 'ENOENT'])

/** SQLite's result codes for a file that it can not open, create or write, and for a full disk. */
const SQLITE_NOT_WRITABLE = new Set([8, 14])
const SQLITE_FULL = 13

/** Below this, PostgreSQL can not even write its lock file and log, so its own words about it may be missing. */
const FULL_BELOW_BYTES = 256 * 1024

/** What a failed access to the data folder means. */
export function fileFailure(error: unknown, dataDir: string): TenonError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const sqlite = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0
  if (NO_SPACE.has(code) || sqlite === SQLITE_FULL)
    return new TenonError('disk_full', { details: { dataDir }, cause: error })
  if (NOT_WRITABLE.has(code) || SQLITE_NOT_WRITABLE.has(sqlite))
    return new TenonError('data_dir_unwritable', { details: { dataDir, reason: code }, cause: error })
  return new TenonError('postgres_unavailable', { details: { reason: code || 'unknown' }, cause: error })
}

export interface ServerFailure {
  readonly dataDir: string
  /** What initdb or the server wrote. */
  readonly output: string
  readonly secret: string
  readonly hint?: string | undefined
  readonly cause?: unknown
}

/** What the end of initdb or of the server means, from its last words. */
export async function serverFailure({ dataDir, output, secret, hint, cause }: ServerFailure): Promise<TenonError> {
  const log = lastLines(output, secret)
  // PostgreSQL says the same of /dev/shm, which is not the disk of the data folder.
  const noSpace = output
    .split('\n')
    .some((line) => /No space left|quota exceeded/i.test(line) && !/shared memory/.test(line))
  if (noSpace || (await isFull(dataDir))) return new TenonError('disk_full', { details: { dataDir, log }, cause })
  if (/Read-only file system|could not (create|open|write|access|change permissions).*Permission denied/.test(output))
    return new TenonError('data_dir_unwritable', { details: { dataDir, log, ...(hint && { hint }) }, cause })
  return new TenonError('postgres_unavailable', { details: { log, hint: hint ?? HINT }, cause })
}

const HINT = 'Set DATABASE_URL to a PostgreSQL 15 or later of your own, or correct what the log says.'

function lastLines(output: string, secret: string): string[] {
  return output.replaceAll(secret, '[secret]').trimEnd().split('\n').slice(-20)
}

async function isFull(folder: string): Promise<boolean> {
  try {
    const { bavail, bsize } = await statfs(folder)
    return bavail * bsize < FULL_BELOW_BYTES
  } catch {
    // What can not be asked is not the cause that is looked for.
    return false
  }
}
