import { access, chmod, copyFile, link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { newId } from '../../kernel/ids.ts'

/** Immutable files by key, on the disk of the node. A key is made by us: words of letters, digits, `_`, `-`, `.` between slashes. */
export interface Blobs {
  /** Takes the file; it appears under its key whole or not at all. */
  put(key: string, file: string): Promise<void>
  /** Puts the file at a path where there is none yet; false when there is no such blob. Never write into it. */
  get(key: string, target: string): Promise<boolean>
  /** Removes everything below `prefix/`; removing what is gone is done already. */
  deletePrefix(prefix: string): Promise<void>
  delete(key: string): Promise<void>
  /** Keys of what is directly below `prefix/`, or at the top: blobs, and prefixes of blobs. */
  list(prefix?: string): Promise<string[]>
  /** Whether nothing at all is left below `prefix/`, also nothing that was never finished. */
  isEmpty(prefix: string): Promise<boolean>
  /** Removes what is directly below `prefix/` and was begun more than an hour ago by a `put` that never ended. */
  sweepUnfinished(prefix: string): Promise<void>
}

/** What was killed leaves such a file; none takes so long to be written. */
const STALE_MS = 3_600_000
const UNFINISHED = '.unfinished'

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/

export function createDiskBlobs(dir: string): Blobs {
  const place = (key: string): string => {
    if (!KEY.test(key)) throw new Error('this is not the key of a blob')
    return join(dir, key)
  }
  return {
    put: async (key, file) => {
      const target = place(key)
      const unfinished = `${target}.${newId('req')}${UNFINISHED}`
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      try {
        // Between two file systems only a copy works; should that fail, it is thrown.
        await rename(file, unfinished).catch(() => copyFile(file, unfinished))
        await chmod(unfinished, 0o600)
        const handle = await open(unfinished, 'r+')
        try {
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(unfinished, target)
      } finally {
        await rm(unfinished, { force: true })
      }
      await rm(file, { force: true })
    },
    get: async (key, target) => {
      const source = place(key)
      // On one file system a second name costs nothing.
      const linked = await link(source, target).then(
        () => true,
        () => false,
      )
      if (linked) return true
      return copyFile(source, target).then(
        () => true,
        async (error: unknown) => {
          // It may also be the folder of the target that is gone.
          if (isGone(error) && !(await isThere(source))) return false
          throw error
        },
      )
    },
    deletePrefix: (prefix) => rm(place(prefix), { recursive: true, force: true, maxRetries: 3 }),
    delete: (key) => rm(place(key), { force: true }),
    list: async (prefix) => {
      const names = await namesIn(prefix === undefined ? dir : place(prefix))
      const finished = names.filter((name) => !name.endsWith(UNFINISHED))
      return prefix === undefined ? finished : finished.map((name) => `${prefix}/${name}`)
    },
    isEmpty: async (prefix) => {
      const names = await readdir(place(prefix)).catch((error: unknown) => {
        if (isGone(error)) return []
        throw error
      })
      return names.length === 0
    },
    sweepUnfinished: async (prefix) => {
      for (const name of await namesIn(place(prefix)))
        if (name.endsWith(UNFINISHED)) await removeStale(join(place(prefix), name))
    },
  }
}

/** None where there is no folder, or one that is not ours. */
export function namesIn(folder: string): Promise<string[]> {
  // As it says above: no folder, no names.
  return readdir(folder).catch(() => [])
}

export async function removeStale(file: string): Promise<void> {
  // It has gone meanwhile, as it should.
  const found = await lstat(file).catch(() => null)
  // A second name for an old file has the time of that file's content.
  if (found !== null && Date.now() - Math.max(found.mtimeMs, found.ctimeMs) > STALE_MS) await rm(file, { force: true })
}

export function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    // What can not be reached is not there for us.
    () => false,
  )
}
