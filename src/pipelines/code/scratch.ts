import { readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isId } from '../../contract/ids.ts'

/** Longer than any file is under work. */
const STALE_MS = 3_600_000

/**
 * Removes what processes that were killed have left beside the scratch folder of this one: files that nobody has touched
 * for an hour, and folders without any. Folders are named by the id of their process.
 */
export function clearScratch(scratch: string, now: number = Date.now()): void {
  const all = dirname(scratch)
  for (const name of namesIn(all)) {
    const folder = join(all, name)
    if (folder === scratch || !isId('worker', name) || !isStale(folder, now)) continue
    for (const file of namesIn(folder))
      if (isStale(join(folder, file), now)) rmSync(join(folder, file), { force: true })
    leaveScratch(folder)
  }
}

/** Removes a scratch folder when there is nothing in it. */
export function leaveScratch(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Somebody works in it, or it was never made.
  }
}

function isStale(path: string, now: number): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found !== undefined && now - found.mtimeMs > STALE_MS
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // A folder that is not there holds nothing.
    return []
  }
}
