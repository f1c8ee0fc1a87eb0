import { stat } from 'node:fs/promises'
import { isDamaged } from './failure.ts'
import type { Git } from './git.ts'
import { holdMirror, removeMirror, usingMirror } from './mirror-cache.ts'
import { ensureCommit, type MirrorRequest } from './mirror.ts'
import { readBlobs, type Blob } from './read-blobs.ts'
import { listTree, type Tree, type TreeLimits } from './tree.ts'

/** Another reader may be the one that mends it, so that what it fetched is met once more. */
const MENDINGS = 2

/**
 * Does something with a mirror that has the commit. One whose objects are missing or damaged is removed and fetched
 * anew, once or, with other readers about, twice.
 *
 * @throws TenonError as `ensureCommit`, and `source_damaged` when what was fetched anew is damaged too.
 */
export async function withMirror<T>(
  git: Git,
  request: MirrorRequest,
  work: (mirror: string) => Promise<T>,
): Promise<T> {
  for (let mended = 0; ; mended++) {
    await ensureCommit(git, request)
    const seen = await markOf(request.mirror)
    try {
      return await usingMirror(request.mirror, () => work(request.mirror))
    } catch (error) {
      await mend(error, request.mirror, seen, mended)
    }
  }
}

/** The files of the request's commit. */
export function readTree(git: Git, request: MirrorRequest, limits?: TreeLimits): Promise<Tree> {
  const { target, signal } = request
  return withMirror(git, request, (mirror) => listTree(git, mirror, target.commit, signal, limits))
}

/** Blobs of the request's commit in the order asked for, each once, also when the mirror has to be fetched anew. */
export async function* readingBlobs(git: Git, request: MirrorRequest, shas: readonly string[]): AsyncGenerator<Blob> {
  const { mirror, signal } = request
  let read = 0
  for (let mended = 0; ; mended++) {
    await ensureCommit(git, request)
    const seen = await markOf(mirror)
    const release = holdMirror(mirror)
    try {
      for await (const blob of readBlobs(git, mirror, shas.slice(read), signal)) {
        read++
        yield blob
      }
      return
    } catch (error) {
      await mend(error, mirror, seen, mended)
    } finally {
      release()
    }
  }
}

async function mend(error: unknown, mirror: string, seen: string | null, mended: number): Promise<void> {
  if (!isDamaged(error) || mended >= MENDINGS) throw error
  // Another reader may have put a new one in its place.
  if ((await markOf(mirror)) !== seen) return
  if (mended > 0) throw error
  await removeMirror(mirror)
}

/** Tells one mirror from the next at the same place. */
async function markOf(mirror: string): Promise<string | null> {
  // A mirror that is not there has no mark.
  const found = await stat(mirror).catch(() => null)
  return found === null ? null : `${found.ino}-${found.birthtimeMs}`
}
