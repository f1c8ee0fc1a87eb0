import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { ErrorDetails } from '../../contract/errors.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { tryLockFile } from './exclusive-file.ts'
import { fileFailure } from './failure.ts'

export interface DataDirLock {
  /** Lets the next Tenon in. The end of the process does the same, however it comes. */
  release(): void
}

/**
 * Makes sure that at most one Tenon works on a data folder, and makes the folder (mode 0700) when it is missing.
 *
 * @throws TenonError `data_dir_locked` with `details.pid` and `details.startedAt` (ISO 8601) of the holder where they
 * are known; `data_dir_unwritable`; `disk_full`.
 */
export async function lockDataDir(dataDir: string): Promise<DataDirLock> {
  const holderFile = join(dataDir, 'lock.json')
  try {
    await makePrivateFolder(dataDir)
    const lock = tryLockFile(join(dataDir, 'lock.db'))
    if (!lock) throw new TenonError('data_dir_locked', { details: { dataDir, ...(await readHolder(holderFile)) } })
    try {
      await replaceFile(holderFile, JSON.stringify({ pid: process.pid, startedAt: new Date().toISOString() }))
    } catch (error) {
      lock.release()
      throw error
    }
    return lock
  } catch (error) {
    throw error instanceof TenonError ? error : fileFailure(error, dataDir)
  }
}

/** Makes a folder that only this user enters; one that exists keeps its mode, but must be writable. */
export async function makePrivateFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await access(folder, constants.W_OK | constants.X_OK)
}

/** Writes a file of mode 0600 that readers see whole or not at all. */
export async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}`
  try {
    await writeFile(temporary, content, { mode: 0o600, flush: true })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

async function readHolder(file: string): Promise<ErrorDetails> {
  try {
    const holder: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (typeof holder !== 'object' || holder === null) return {}
    const pid = 'pid' in holder && typeof holder.pid === 'number' ? { pid: holder.pid } : {}
    const startedAt =
      'startedAt' in holder && typeof holder.startedAt === 'string' ? { startedAt: holder.startedAt } : {}
    return { ...pid, ...startedAt }
  } catch {
    // Half written or of another release: who holds it is not known.
    return {}
  }
}
