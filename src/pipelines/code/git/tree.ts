import { TenonError } from '../../../kernel/tenon-error.ts'
import { marksOf } from './attributes.ts'
import { failureOf } from './failure.ts'
import { runGit, type Git } from './git.ts'

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
    /** A path that no working tree can have, such as `a/../b`. */
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
}

/** Larger files are not indexed. */
export const MAX_FILE_BYTES = 1_000_000

const INVALID_PATH = /(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i
const decoder = new TextDecoder('utf-8', { fatal: true })

const MAX_FILES = 500_000
/** Of git's output, for each file that may be in it. */
const BYTES_PER_FILE = 1024

/**
 * Lists what can be indexed of a commit of a mirror. Paths that are not UTF-8 can't be named over JSON, so they are left
 * out and counted.
 *
 * @throws TenonError `repository_too_large` for too many files, `source_damaged`, `timeout`, `cancelled`.
 */
export async function listTree(
  git: Git,
  mirror: string,
  commit: string,
  signal?: AbortSignal,
  { maxFiles = MAX_FILES }: TreeLimits = {},
): Promise<Tree> {
  const result = await runGit(git, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit], {
    cwd: mirror,
    signal,
    timeoutMs: 120_000,
    maxOutputBytes: Math.max(maxFiles * BYTES_PER_FILE, 16 << 20),
  })
  if (result.code !== 0) throw failureOf(result.stderr)
  const found = readRows(result.stdout)
  if (found.entries > maxFiles) throw new TenonError('repository_too_large', { details: { limitFiles: maxFiles } })
  const attributes = found.files.filter(({ path }) => /(?:^|\/)\.gitattributes$/.test(path))
  if (attributes.length === 0) return found
  const paths = found.files.map(({ path }) => path)
  const marks = await marksOf(git, { mirror, paths, attributes, signal })
  const files = found.files.filter(({ path }) => !marks.has(path))
  for (const mark of marks.values()) found.skipped[mark]++
  return { files, skipped: found.skipped }
}

function readRows(output: Buffer) {
  const files: TreeFile[] = []
  let entries = 0
  const skipped = {
    symlink: 0,
    submodule: 0,
    tooLarge: 0,
    pathNotUtf8: 0,
    pathInvalid: 0,
    generated: 0,
    vendored: 0,
  }
  for (const row of rowsOf(output)) {
    entries++
    const tab = row.indexOf(9)
    const [mode, , sha = '', size = '0'] = row.toString('latin1', 0, tab).split(/ +/)
    const path = decode(row.subarray(tab + 1))
    if (mode === '120000') skipped.symlink++
    else if (mode === '160000') skipped.submodule++
    else if (Number(size) > MAX_FILE_BYTES) skipped.tooLarge++
    else if (path === null) skipped.pathNotUtf8++
    else if (INVALID_PATH.test(path)) skipped.pathInvalid++
    else files.push({ path, sha, sizeBytes: Number(size) })
  }
  return { entries, files, skipped }
}

function* rowsOf(buffer: Buffer): Generator<Buffer> {
  for (let start = 0; start < buffer.length;) {
    const end = buffer.indexOf(0, start)
    yield buffer.subarray(start, end)
    start = end + 1
  }
}

function decode(bytes: Buffer): string | null {
  try {
    return decoder.decode(bytes)
  } catch {
    return null
  }
}
