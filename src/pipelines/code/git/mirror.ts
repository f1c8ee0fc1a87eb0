import { existsSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TenonError } from '../../../kernel/tenon-error.ts'
import type { Source } from '../source.ts'
import { accessTo, type Access } from './access.ts'
import { failureOf } from './failure.ts'
import { ensureBare, fetchInto, isRefused, type FetchLimits } from './fetch.ts'
import { abortError, runGit, type Credential, type Git } from './git.ts'
import { isHeldByOthers, removeMirror, sizeOf, usingMirror } from './mirror-cache.ts'
import type { Target } from './probe.ts'

export { removeMirror }

/** A commit of a source, and the mirror of this node that it is read from. */
export interface MirrorRequest {
  /** Path of a bare folder; made when it is not there. */
  readonly mirror: string
  readonly source: Source
  readonly target: Target
  readonly credential?: Credential | null
  readonly limits?: FetchLimits
  readonly signal?: AbortSignal | undefined
}

const LOCK_WAITS_MS = [500, 1000, 2000]
/** A mirror with more packs, or this many times the size of its first, is fetched anew rather than packed again. */
const MAX_PACKS = 20
const MAX_GROWTH = 3
const SMALL_BYTES = 64 << 20
/** One fetch at a time into each mirror of this process. */
const fetching = new Map<string, Promise<void>>()

/**
 * Makes sure that a bare mirror has a commit with its whole tree. The mirror is a cache of this node: it may be deleted
 * at any time. A ref of the commit's own is written last by git, so what a kill left half-fetched is never used.
 *
 * @throws TenonError as `probeSource`, and `repository_too_large`, `disk_full`, `unavailable`.
 */
export async function ensureCommit(git: Git, request: MirrorRequest): Promise<void> {
  const { mirror } = request
  const before = fetching.get(mirror) ?? Promise.resolve()
  // Whoever has asked for the one before is told of its failure.
  const mine = before.catch(() => {}).then(() => usingMirror(mirror, () => fetchUnlessPresent(git, request)))
  fetching.set(mirror, mine)
  try {
    await mine
  } finally {
    if (fetching.get(mirror) === mine) fetching.delete(mirror)
  }
}

async function fetchUnlessPresent(git: Git, request: MirrorRequest): Promise<void> {
  const { mirror, source, target, credential } = request
  if (await hasCommit(git, mirror, target.commit)) return
  if ((await isOvergrown(mirror)) && !isHeldByOthers(mirror)) await removeMirror(mirror)
  const access = await accessTo(git, source, credential)
  const had = existsSync(join(mirror, 'refs', 'tenon'))
  try {
    await fetchCommit(git, request, access)
  } catch (error) {
    if (!(error instanceof TenonError) || error.code !== 'repository_too_large') throw error
    await removeMirror(mirror)
    if (!had) throw error
    // What was fetched before may have been the larger part.
    await fetchCommit(git, request, access).catch(async (again: unknown) => {
      await removeMirror(mirror)
      throw again
    })
  }
}

async function fetchCommit(git: Git, request: MirrorRequest, access: Access): Promise<void> {
  const { mirror, target } = request
  for (const wait of [...LOCK_WAITS_MS, null]) {
    if (request.signal?.aborted === true) throw abortError(request.signal)
    await ensureBare(git, mirror, removeMirror)
    const failed = await fetchOne(git, request, access, target.commit)
    if (failed === null) return requireCommit(git, request)
    if (/\.lock'?: File exists/i.test(failed)) {
      if (wait === null) break
      await sleep(wait, undefined, request.signal ? { signal: request.signal } : {})
      // The last wait is over: whoever held the lock was killed.
      if (wait === LOCK_WAITS_MS.at(-1)) await removeMirror(mirror)
      continue
    }
    if (!isRefused(failed)) throw failureOf(failed)
    // Old servers give only what a ref stands for.
    if (target.ref === target.commit) throw new TenonError('ref_not_found', { cause: new Error(failed) })
    const again = await fetchOne(git, request, access, target.ref)
    if (again !== null && !isRefused(again)) throw failureOf(again)
    return requireCommit(git, request)
  }
  throw new TenonError('unavailable')
}

async function fetchOne(git: Git, request: MirrorRequest, access: Access, wanted: string): Promise<string | null> {
  const { mirror, target, limits, signal } = request
  const refspec = `+${wanted}:${refOf(target.commit)}`
  return fetchInto(git, { folder: mirror, access, options: ['--depth=1'], refspec, limits, signal })
}

/** A tag may stand for something else than a commit, and a ref may have moved on. */
async function requireCommit(git: Git, { mirror, target: { commit } }: MirrorRequest): Promise<void> {
  if (await hasCommit(git, mirror, commit)) return
  await runGit(git, ['update-ref', '-d', refOf(commit)], { cwd: mirror })
  throw new TenonError('ref_not_found', { details: { reason: 'not_a_commit' } })
}

async function hasCommit(git: Git, mirror: string, commit: string): Promise<boolean> {
  if (!existsSync(mirror)) return false
  const { code, stdout } = await runGit(git, ['rev-parse', '--verify', '--quiet', `${refOf(commit)}^{commit}`], {
    cwd: mirror,
  })
  return code === 0 && stdout.toString().trim() === commit
}

function refOf(commit: string): string {
  return `refs/tenon/${commit}`
}

/** Each new commit adds a pack and a ref, which nothing takes away. */
async function isOvergrown(mirror: string): Promise<boolean> {
  const folder = join(mirror, 'objects', 'pack')
  // A mirror without packs is not overgrown.
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.pack'))
  if (names.length > MAX_PACKS) return true
  // Git may have removed one since the folder was listed.
  const packs = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)))
  const [first] = packs.flatMap((pack) => pack ?? []).toSorted((a, b) => a.mtimeMs - b.mtimeMs)
  return first !== undefined && (await sizeOf(folder)) > MAX_GROWTH * first.size + SMALL_BYTES
}
