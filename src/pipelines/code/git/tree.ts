import { runGit, type Git } from './git.ts'
import { failureOf } from './probe.ts'

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
  }
}

/** Larger files are not indexed. */
export const MAX_FILE_BYTES = 1_000_000

const decoder = new TextDecoder('utf-8', { fatal: true })

/** Lists a commit of a mirror. Paths that are not UTF-8 can't be named over JSON, so they are left out and counted. */
export async function listTree(git: Git, mirror: string, commit: string, signal?: AbortSignal): Promise<Tree> {
  const result = await runGit(git, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit], {
    cwd: mirror,
    signal,
    timeoutMs: 120_000,
    maxOutputBytes: 512 << 20,
  })
  if (result.code !== 0) throw failureOf(result.stderr)
  const files: TreeFile[] = []
  const skipped = { symlink: 0, submodule: 0, tooLarge: 0, pathNotUtf8: 0 }
  for (const row of rowsOf(result.stdout)) {
    const tab = row.indexOf(9)
    const [mode, , sha = '', size = '0'] = row.toString('latin1', 0, tab).split(/ +/)
    const path = decode(row.subarray(tab + 1))
    if (mode === '120000') skipped.symlink++
    else if (mode === '160000') skipped.submodule++
    else if (Number(size) > MAX_FILE_BYTES) skipped.tooLarge++
    else if (path === null) skipped.pathNotUtf8++
    else files.push({ path, sha, sizeBytes: Number(size) })
  }
  return { files, skipped }
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
