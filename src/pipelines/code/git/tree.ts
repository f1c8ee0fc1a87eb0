import { TenonError } from '../../../kernel/tenon-error.ts'
import { marksOf } from './attributes.ts'
import { failureOf } from './failure.ts'
import { runGit, type Git } from './git.ts'
import { nulFields } from './nul-fields.ts'

/** A file of a commit. */
export interface TreeFile {
  readonly path: string
  /** Of its blob. */
  readonly sha: string
  readonly sizeBytes: number
}

export interface Tree {
  /** What can be indexed, in git's order. */
  readonly files: readonly TreeFile[]
  /** How many entries were left out, by reason. */
  readonly skipped: {
    readonly symlink: number
    readonly submodule: number
    readonly tooLarge: number
    readonly pathNotUtf8: number
    /** A path that no working tree can have, such as `a/../b`, or one of more than 800 characters. */
    readonly pathInvalid: number
    /** Marked by `linguist-generated`. */
    readonly generated: number
    /** Marked by `linguist-vendored`. */
    readonly vendored: number
  }
}

export interface TreeLimits {
  /** Default 500,000. */
  readonly maxFiles?: number
  /** Of all paths together; default 64 MiB. */
  readonly maxPathBytes?: number
}

/** Larger files are not indexed. */
export const MAX_FILE_BYTES = 1_000_000

/** Of a path, in UTF-16 units: an index of the database holds it. */
const MAX_PATH = 800
const INVALID_PATH = /(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i
const decoder = new TextDecoder('utf-8', { fatal: true })

const MAX_FILES = 500_000
/** Few objects can make many long paths: trees that hold the same tree again and again. */
const MAX_PATH_BYTES = 64 << 20

/**
 * Lists what can be indexed of a commit of a mirror. Paths that are not UTF-8 can't be named over JSON, so they are left
 * out and counted.
 *
 * @throws TenonError `repository_too_large` for too many files or too long paths, `source_damaged`, `timeout`, `cancelled`.
 */
export async function listTree(
  git: Git,
  mirror: string,
  commit: string,
  signal?: AbortSignal,
  limits: TreeLimits = {},
): Promise<Tree> {
  const { take, files: found, skipped } = rowReader(limits)
  const { code, stderr } = await runGit(git, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit], {
    cwd: mirror,
    signal,
    timeoutMs: 120_000,
    take: nulFields(take),
  })
  if (code !== 0) throw failureOf(stderr)
  const marks = await marksOf(git, { mirror, files: found, signal })
  const files = marks.size === 0 ? found : found.filter((file) => !marks.has(file))
  for (const mark of marks.values()) skipped[mark]++
  return { files, skipped }
}

function rowReader({ maxFiles = MAX_FILES, maxPathBytes = MAX_PATH_BYTES }: TreeLimits) {
  const files: TreeFile[] = []
  const skipped = {
    symlink: 0,
    submodule: 0,
    tooLarge: 0,
    pathNotUtf8: 0,
    pathInvalid: 0,
    generated: 0,
    vendored: 0,
  }
  let entries = 0
  let pathBytes = 0
  const take = (row: Buffer): void => {
    const tab = row.indexOf(9)
    pathBytes += row.length - tab - 1
    if (++entries > maxFiles) throw tooLarge({ limitFiles: maxFiles })
    if (pathBytes > maxPathBytes) throw tooLarge({ limitPathBytes: maxPathBytes })
    const [mode, , sha = '', size = '0'] = row.toString('latin1', 0, tab).split(/ +/)
    const path = decode(row.subarray(tab + 1))
    if (mode === '120000') skipped.symlink++
    else if (mode === '160000') skipped.submodule++
    else if (Number(size) > MAX_FILE_BYTES) skipped.tooLarge++
    else if (path === null) skipped.pathNotUtf8++
    else if (INVALID_PATH.test(path) || path.length > MAX_PATH) skipped.pathInvalid++
    else files.push({ path, sha, sizeBytes: Number(size) })
  }
  return { take, files, skipped }
}

function tooLarge(details: Record<string, number>): TenonError {
  return new TenonError('repository_too_large', { details })
}

function decode(bytes: Buffer): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    // Not UTF-8: counted as such by the caller.
    return null
  }
}
