import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { TenonError } from '../../../kernel/tenon-error.ts'
import type { Source } from '../source.ts'
import { abortError, runGit, type Git } from './git.ts'
import { accessTo, failureOf, type Target } from './probe.ts'

/** Limits of one fetch. */
export interface FetchLimits {
  /** Of the mirror on disk; default 2 GiB. */
  readonly maxBytes?: number
  /** Default 15 minutes. */
  readonly timeoutMs?: number
}

const LOCK_WAITS_MS = [500, 1000, 2000]
/** One fetch at a time into each mirror of this process. */
const fetching = new Map<string, Promise<void>>()

/**
 * Makes sure that a bare mirror has a commit with its whole tree. The mirror is a cache of this node: it may be deleted
 * at any time. A ref of the commit's own is written last by git, so what a kill left half-fetched is never used.
 *
 * @throws TenonError as `probeSource`, and `repository_too_large`.
 */
export async function ensureCommit(
  git: Git,
  request: { mirror: string; source: Source; target: Target; limits?: FetchLimits; signal?: AbortSignal | undefined },
): Promise<void> {
  const before = fetching.get(request.mirror) ?? Promise.resolve()
  const mine = before.catch(() => {}).then(() => fetchUnlessPresent(git, request))
  fetching.set(request.mirror, mine)
  try {
    await mine
  } finally {
    if (fetching.get(request.mirror) === mine) fetching.delete(request.mirror)
  }
}

/** Moved away first, so that a fetch which outlived its process can not bring it back half-made. */
export async function removeMirror(mirror: string): Promise<void> {
  const grave = `${mirror}.${process.pid}-${Date.now()}.removed`
  try {
    await rename(mirror, grave)
  } catch {
    return
  }
  await rm(grave, { recursive: true, force: true, maxRetries: 3 })
}

type Request = Parameters<typeof ensureCommit>[1]

async function fetchUnlessPresent(git: Git, request: Request): Promise<void> {
  const { mirror, source, target } = request
  if (await hasCommit(git, mirror, target.commit)) return
  const access = await accessTo(git, source)
  for (const wait of [...LOCK_WAITS_MS, null]) {
    if (request.signal?.aborted === true) throw abortError(request.signal)
    await ensureBare(git, mirror)
    const failed = (await fetchOne(git, request, access, target.commit)) ?? null
    if (failed === null) return
    if (/\.lock'?: File exists|Unable to create/i.test(failed)) {
      if (wait === null) break
      await sleep(wait, undefined, request.signal ? { signal: request.signal } : {})
      // The last wait is over: whoever held the lock was killed.
      if (wait === LOCK_WAITS_MS.at(-1)) await removeMirror(mirror)
      continue
    }
    // Old servers give only what a ref stands for.
    if (/not our ref|unadvertised object|remote error/i.test(failed) && target.ref !== target.commit) {
      const again = await fetchOne(git, request, access, target.ref)
      if (again === null && (await hasCommit(git, mirror, target.commit))) return
      throw new TenonError('ref_not_found', { cause: new Error(failed) })
    }
    if (/not our ref|couldn't find remote ref|unadvertised object/i.test(failed))
      throw new TenonError('ref_not_found', { cause: new Error(failed) })
    throw failureOf(failed)
  }
  throw new TenonError('unavailable')
}

async function ensureBare(git: Git, mirror: string): Promise<void> {
  if (existsSync(join(mirror, 'HEAD')) && existsSync(join(mirror, 'objects'))) return
  await removeMirror(mirror)
  await mkdir(join(mirror, '..'), { recursive: true, mode: 0o700 })
  const { code, stderr } = await runGit(git, ['init', '--quiet', '--bare', '--', mirror])
  if (code !== 0) throw failureOf(stderr)
}

/** null when it worked, else what git said. */
async function fetchOne(
  git: Git,
  request: Request,
  access: Awaited<ReturnType<typeof accessTo>>,
  wanted: string,
): Promise<string | null> {
  const { mirror, source, target, limits = {} } = request
  const maxBytes = limits.maxBytes ?? 2 ** 31
  const tooLarge = new AbortController()
  const watch = setInterval(() => {
    void sizeOf(join(mirror, 'objects')).then((size) => {
      if (size > maxBytes) tooLarge.abort(new TenonError('repository_too_large', { details: { limitBytes: maxBytes } }))
    })
  }, 500)
  try {
    const result = await runGit(
      git,
      [
        'fetch',
        '--quiet',
        '--depth=1',
        '--no-tags',
        '--no-write-fetch-head',
        '--no-recurse-submodules',
        '--',
        source.url,
        `+${wanted}:${refOf(target.commit)}`,
      ],
      {
        ...access,
        cwd: mirror,
        signal: request.signal ? AbortSignal.any([request.signal, tooLarge.signal]) : tooLarge.signal,
        timeoutMs: limits.timeoutMs ?? 15 * 60_000,
      },
    )
    if (result.code !== 0) return result.stderr
    if ((await sizeOf(join(mirror, 'objects'))) > maxBytes) {
      await removeMirror(mirror)
      throw new TenonError('repository_too_large', { details: { limitBytes: maxBytes } })
    }
    return null
  } finally {
    clearInterval(watch)
  }
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

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  const sizes = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) =>
        stat(join(entry.parentPath, entry.name)).then(
          ({ size }) => size,
          () => 0,
        ),
      ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
