import { readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Holds } from '../../../kernel/holds.ts'

/** A mirror is a cache of one node: it may be deleted at any time, and is fetched again when it is needed. */
export interface MirrorPlace {
  readonly org: string
  /** Id of the repository. */
  readonly repository: string
  readonly path: string
}

/** What a fetch left that was killed; a fetch takes less. */
const STALE_MS = 3_600_000
const IDS = /^[A-Za-z0-9_-]+$/
/** What git writes, and the index that `attributes.ts` makes. */
const TEMPORARY = /^(?:tmp_|index-[0-9a-f]{16})/

/** Mirrors that this process fetches into or reads. */
const inUse = new Holds()

/** Keeps a mirror from being trimmed while something works on it, and marks it as used just now. */
export async function usingMirror<T>(mirror: string, work: () => Promise<T>): Promise<T> {
  const release = holdMirror(mirror)
  try {
    return await work()
  } finally {
    release()
  }
}

/** As `usingMirror`, for what does not end in one function: call the answer at its end. */
export function holdMirror(mirror: string): () => void {
  const now = new Date()
  // A mirror that is not made yet has no time to set.
  void utimes(mirror, now, now).catch(() => {})
  return inUse.hold([mirror])
}

/** Whether others than the one that asks, which holds it too, work on it. */
export function isHeldByOthers(mirror: string): boolean {
  return inUse.count(mirror) > 1
}

/** Moved away first, so that a fetch which outlived its process can not bring it back half-made. */
export async function removeMirror(mirror: string): Promise<void> {
  const grave = `${mirror}.${process.pid}-${Date.now()}.removed`
  try {
    await rename(mirror, grave)
  } catch (error) {
    if (isGone(error)) return
    throw error
  }
  await rm(grave, { recursive: true, force: true, maxRetries: 3 })
}

/** As `removeMirror`, with what was moved away before and stayed; false when something is left. */
export async function purgeMirror(mirror: string): Promise<boolean> {
  const folder = dirname(mirror)
  const found = async (): Promise<string[]> => {
    const names = await readdir(folder).catch((error: unknown) => {
      if (isGone(error)) return []
      throw error
    })
    return names.filter((name) => name === basename(mirror) || name.startsWith(`${basename(mirror)}.`))
  }
  await removeMirror(mirror)
  for (const name of await found())
    if (name.endsWith('.removed')) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 })
  return (await found()).length === 0
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

/** Every mirror in `dir`, which has a folder for each organisation. */
export async function mirrorsOf(dir: string): Promise<MirrorPlace[]> {
  const places: MirrorPlace[] = []
  for (const org of await namesIn(dir))
    for (const name of IDS.test(org) ? await namesIn(join(dir, org)) : []) {
      const repository = name.endsWith('.git') ? name.slice(0, -4) : ''
      if (IDS.test(repository)) places.push({ org, repository, path: join(dir, org, name) })
    }
  return places
}

/**
 * Removes the mirrors that were not used for the longest time until the rest is within `maxBytes`; never one that this
 * process works on. Answers how many bytes are left.
 */
export async function trimMirrors(dir: string, maxBytes: number): Promise<number> {
  const mirrors = []
  for (const { path } of await mirrorsOf(dir)) {
    // It may have gone since the folder was listed.
    const used = await stat(path).catch(() => null)
    if (used !== null) mirrors.push({ path, usedAt: used.mtimeMs, size: await sizeOf(path) })
  }
  let left = mirrors.reduce((sum, { size }) => sum + size, 0)
  for (const { path, size } of mirrors.toSorted((a, b) => a.usedAt - b.usedAt)) {
    if (left <= maxBytes) break
    if (inUse.has(path)) continue
    await removeMirror(path)
    left -= size
  }
  return left
}

/** Removes what a crash has left: mirrors that were about to be removed, and packs of fetches that ended long ago. */
export async function clearLeftovers(dir: string, now: number = Date.now()): Promise<void> {
  for (const org of await namesIn(dir))
    for (const name of await namesIn(join(dir, org)))
      if (name.endsWith('.removed')) await rm(join(dir, org, name), { recursive: true, force: true, maxRetries: 3 })
  for (const { path } of await mirrorsOf(dir))
    for (const folder of objectFolders(path))
      for (const file of await temporaryFiles(folder)) {
        // Git may have removed it since the folder was listed.
        const found = await stat(file).catch(() => null)
        if (found !== null && now - found.mtimeMs > STALE_MS) await rm(file, { recursive: true, force: true })
      }
}

/** What git is writing, in the folder of objects or of packs. */
export async function temporaryFiles(folder: string): Promise<string[]> {
  const found = await Promise.all(
    [folder, join(folder, 'pack')].map(async (one) =>
      (await namesIn(one)).filter((name) => TEMPORARY.test(name)).map((name) => join(one, name)),
    ),
  )
  return found.flat()
}

/** Bytes of all files below a folder; 0 when there is none. */
export async function sizeOf(folder: string): Promise<number> {
  // A folder that is not there holds nothing.
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          // A file that has gone meanwhile takes no space.
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

/** The mirror, its objects, and those of the history in it. */
function objectFolders(mirror: string): string[] {
  return [mirror, join(mirror, 'objects'), join(mirror, 'history.git', 'objects')]
}

async function namesIn(folder: string): Promise<string[]> {
  // A folder that is not there holds nothing.
  return readdir(folder).catch(() => [])
}
