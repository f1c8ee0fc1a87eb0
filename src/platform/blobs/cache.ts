import { access, readdir, mkdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Holds } from '../../kernel/holds.ts'
import { newId } from '../../kernel/ids.ts'
import { isGone, namesIn, removeStale, type Blobs } from './disk-blobs.ts'

/**
 * Copies of blobs on the node's own disk, up to a limit, which only those in use may exceed; any other may be removed at
 * any time. Several processes may have the same folder; each counts what it knows of.
 */
export interface BlobCache {
  readonly dir: string
  /** Makes sure that the file stands at `dir/key`; false when there is no such blob. */
  ensure(key: string): Promise<boolean>
  /** Whether it was there when the cache looked last; counts as a use. */
  has(key: string): boolean
  /** Keeps these from being removed for lack of space, until the answer is called. */
  hold(keys: readonly string[]): () => void
  drop(key: string): Promise<void>
  /** Everything below `prefix/`. */
  dropPrefix(prefix: string): Promise<void>
  /** Names of what is below `prefix/`, or at the top. */
  list(prefix?: string): Promise<string[]>
}

/** Use of a file is written down at most this often. */
const TOUCH_MS = 60_000
/** What is removed when the cache is full, as a part of the limit. */
const SPARE = 0.1

export function createBlobCache({ blobs, dir, maxBytes }: { blobs: Blobs; dir: string; maxBytes: number }): BlobCache {
  const cache = new Cache(blobs, dir, maxBytes)
  return {
    dir,
    ensure: (key) => cache.ensure(key),
    has: (key) => cache.has(key),
    hold: (keys) => cache.holds.hold(keys),
    drop: (key) => cache.drop(key),
    dropPrefix: async (prefix) => {
      await rm(join(dir, prefix), { recursive: true, force: true, maxRetries: 3 })
      cache.forgetPrefix(prefix)
    },
    list: (prefix = '.') => namesIn(join(dir, prefix)),
  }
}

interface Entry {
  size: number
  usedAt: number
  writtenAt: number
}

class Cache {
  readonly #blobs: Blobs
  readonly #dir: string
  readonly #maxBytes: number
  /** What is on the disk; read from it when it is needed first. */
  #entries: Promise<Map<string, Entry>> | null = null
  #known: ReadonlyMap<string, Entry> = new Map()
  readonly holds = new Holds()
  readonly #coming = new Map<string, Promise<boolean>>()
  #total = 0

  constructor(blobs: Blobs, dir: string, maxBytes: number) {
    this.#blobs = blobs
    this.#dir = dir
    this.#maxBytes = maxBytes
  }

  async ensure(key: string): Promise<boolean> {
    this.#entries ??= this.#read()
    const entries = await this.#entries
    const entry = entries.get(key)
    if (entry !== undefined) {
      if (await this.#isThere(key, entry)) return true
      if (entries.get(key) === entry) await this.#forget((one) => one === key)
    }
    const coming = this.#coming.get(key) ?? this.#bringTwice(key, entries)
    this.#coming.set(key, coming)
    try {
      return await coming
    } finally {
      this.#coming.delete(key)
    }
  }

  has(key: string): boolean {
    const entry = this.#known.get(key)
    if (entry !== undefined) entry.usedAt = Date.now()
    return entry !== undefined
  }

  async drop(key: string): Promise<void> {
    await rm(join(this.#dir, key), { force: true })
    await this.#forget((one) => one === key)
  }

  forgetPrefix(prefix: string): void {
    void this.#forget((key) => key.startsWith(`${prefix}/`))
  }

  async #forget(which: (key: string) => boolean): Promise<void> {
    const entries = await this.#entries
    for (const [key, { size }] of entries ?? []) {
      if (!which(key)) continue
      entries?.delete(key)
      this.#total -= size
    }
  }

  async #isThere(key: string, entry: Entry): Promise<boolean> {
    entry.usedAt = Date.now()
    const path = join(this.#dir, key)
    const now = new Date(entry.usedAt)
    const isWritten = entry.usedAt - entry.writtenAt < TOUCH_MS
    if (!isWritten) entry.writtenAt = entry.usedAt
    return (isWritten ? access(path) : utimes(path, now, now)).then(
      () => true,
      // Whatever hides the file: it is asked for again.
      () => false,
    )
  }

  /** What is being fetched may be removed by whoever drops all of a repository. */
  async #bringTwice(key: string, entries: Map<string, Entry>): Promise<boolean> {
    for (let tried = 0; ; tried++)
      try {
        return await this.#bring(key, entries)
      } catch (error) {
        if (!isGone(error)) throw error
        if (tried > 0) return false
      }
  }

  async #bring(key: string, entries: Map<string, Entry>): Promise<boolean> {
    const target = join(this.#dir, key)
    const unfinished = `${target}.${newId('req')}.unfinished`
    await mkdir(dirname(target), { recursive: true, mode: 0o700 })
    try {
      if (!(await this.#blobs.get(key, unfinished))) return false
      const { size } = await stat(unfinished)
      await rename(unfinished, target)
      const now = Date.now()
      this.#total += size - (entries.get(key)?.size ?? 0)
      entries.set(key, { size, usedAt: now, writtenAt: now })
    } finally {
      await rm(unfinished, { force: true })
    }
    if (this.#total > this.#maxBytes) await this.#trim(entries, key)
    return true
  }

  /** Removes what was not used for longest. */
  async #trim(entries: Map<string, Entry>, except: string): Promise<void> {
    const oldest = [...entries].toSorted(([, a], [, b]) => a.usedAt - b.usedAt)
    for (const [key, { size }] of oldest) {
      if (this.#total <= this.#maxBytes * (1 - SPARE)) return
      if (key === except || this.holds.has(key) || !entries.delete(key)) continue
      this.#total -= size
      await rm(join(this.#dir, key), { force: true })
    }
  }

  async #read(): Promise<Map<string, Entry>> {
    const entries = new Map<string, Entry>()
    // Before the first file there is no folder.
    const found = await readdir(this.#dir, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const file of found) {
      if (!file.isFile()) continue
      const path = join(file.parentPath, file.name)
      if (file.name.endsWith('.unfinished')) {
        await removeStale(path)
        continue
      }
      // Gone since the folder was listed: it counts nothing and is the first to go.
      const { size, mtimeMs } = await stat(path).catch(() => ({ size: 0, mtimeMs: 0 }))
      entries.set(relative(this.#dir, path), { size, usedAt: mtimeMs, writtenAt: mtimeMs })
      this.#total += size
    }
    this.#known = entries
    return entries
  }
}
