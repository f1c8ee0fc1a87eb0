import { chmod, copyFile, link, mkdir, open, readdir, rename, rm } from 'node:fs/promises'
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
  list(prefix: string): Promise<string[]>
}

const KEY = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*$/

export function createDiskBlobs(dir: string): Blobs {
  const place = (key: string): string => {
    if (!KEY.test(key)) throw new Error('this is not the key of a blob')
    return join(dir, key)
  }
  return {
    put: async (key, file) => {
      const target = place(key)
      const unfinished = `${target}.${newId('req')}.unfinished`
      await mkdir(dirname(target), { recursive: true, mode: 0o700 })
      await rename(file, unfinished).catch(() => copyFile(file, unfinished))
      await chmod(unfinished, 0o600)
      const handle = await open(unfinished, 'r+')
      try {
        await handle.sync()
      } finally {
        await handle.close()
      }
      await rename(unfinished, target)
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
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false
          throw error
        },
      )
    },
    deletePrefix: (prefix) => rm(place(prefix), { recursive: true, force: true, maxRetries: 3 }),
    delete: (key) => rm(place(key), { force: true }),
    list: async (prefix) => {
      const names = await readdir(place(prefix)).catch(() => [])
      return names.filter((name) => !name.endsWith('.unfinished')).map((name) => `${prefix}/${name}`)
    },
  }
}
