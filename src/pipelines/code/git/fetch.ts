import { existsSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { TenonError } from '../../../kernel/tenon-error.ts'
import type { Access } from './access.ts'
import { failureOf } from './failure.ts'
import { runGit, type Git } from './git.ts'
import { sizeOf, temporaryFiles } from './mirror-cache.ts'

/** Limits of one fetch. */
export interface FetchLimits {
  /** Of the mirror on disk; default 2 GiB. */
  readonly maxBytes?: number
  /** Default 15 minutes. */
  readonly timeoutMs?: number
}

const MAX_BYTES = 2 ** 31
const TIMEOUT_MS = 15 * 60_000
const WATCH_MS = 200

/**
 * One `git fetch` into a bare folder, stopped when that grows beyond its limit. Whatever ends it early, nothing of what
 * it was writing is left. null when it worked, else what git said.
 *
 * @throws TenonError `repository_too_large`, `timeout`, `cancelled`, `git_missing`.
 */
export async function fetchInto(
  git: Git,
  request: {
    folder: string
    access: Access
    options: readonly string[]
    refspec: string
    limits?: FetchLimits | undefined
    signal?: AbortSignal | undefined
  },
): Promise<string | null> {
  const { folder, access, limits = {}, signal } = request
  const { address, ...run } = access
  const maxBytes = limits.maxBytes ?? MAX_BYTES
  const objects = join(folder, 'objects')
  const tooLarge = new AbortController()
  const look = async (): Promise<void> => {
    if ((await sizeOf(objects)) <= maxBytes) return
    tooLarge.abort(new TenonError('repository_too_large', { details: { limitBytes: maxBytes } }))
  }
  const others = new Set(await temporaryFiles(objects))
  const watch = setInterval(() => void look(), WATCH_MS)
  let done = false
  try {
    const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules']
    const result = await runGit(git, [...args, ...request.options, '--', address, request.refspec], {
      ...run,
      cwd: folder,
      signal: signal ? AbortSignal.any([signal, tooLarge.signal]) : tooLarge.signal,
      timeoutMs: limits.timeoutMs ?? TIMEOUT_MS,
    })
    if (result.code !== 0) return result.stderr
    await look()
    tooLarge.signal.throwIfAborted()
    done = true
    return null
  } finally {
    clearInterval(watch)
    if (!done)
      for (const file of await temporaryFiles(objects))
        if (!others.has(file)) await rm(file, { recursive: true, force: true })
  }
}

/** Makes an empty bare folder where there is none; `remove` takes away what stands there half-made. */
export async function ensureBare(git: Git, folder: string, remove: (folder: string) => Promise<void>): Promise<void> {
  if (existsSync(join(folder, 'HEAD')) && existsSync(join(folder, 'objects'))) return
  await remove(folder)
  await mkdir(dirname(folder), { recursive: true, mode: 0o700 }).catch((cause: NodeJS.ErrnoException) => {
    throw cause.code === 'ENOSPC' || cause.code === 'EDQUOT' ? new TenonError('disk_full', { cause }) : cause
  })
  const { code, stderr } = await runGit(git, ['init', '--quiet', '--bare', '--template=', '--', folder])
  if (code !== 0) throw failureOf(stderr)
}

/** What servers say that do not give every commit. */
export function isRefused(failure: string): boolean {
  return /not our ref|unadvertised object|couldn't find remote ref|remote error/i.test(failure)
}
