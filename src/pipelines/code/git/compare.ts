import { TenonError } from '../../../kernel/tenon-error.ts'
import { failureOf } from './failure.ts'
import { runGit, type Git } from './git.ts'
import { nulFields } from './nul-fields.ts'
import { withMirror } from './read-mirror.ts'
import { ensureCommit, type MirrorRequest } from './mirror.ts'

/** A file that two commits have differently. */
export interface ComparedFile {
  readonly path: string
  /** Where it stood before, when git takes it for renamed. */
  readonly previousPath: string | null
  /** Blobs; null where the file is not there. Symlinks and submodules have none. */
  readonly before: string | null
  readonly after: string | null
}

/** More than these are no change that anybody looks at. */
const MAX_FILES = 5_000
const NO_BLOB = /^0+$/

/**
 * What changed from one commit to another, renames found as git finds them. Both commits are fetched when this node does
 * not have them.
 *
 * @throws TenonError as `ensureCommit`, and `repository_too_large` for more than 5,000 files.
 */
export async function compareCommits(
  git: Git,
  request: MirrorRequest,
  base: MirrorRequest['target'],
): Promise<ComparedFile[]> {
  await ensureCommit(git, { ...request, target: base })
  return withMirror(git, request, async (mirror) => {
    const { take, files } = reader()
    const args = ['diff-tree', '-r', '-M', '--raw', '-z', '--no-commit-id', '--no-abbrev']
    const { code, stderr } = await runGit(git, [...args, base.commit, request.target.commit, '--'], {
      cwd: mirror,
      signal: request.signal,
      timeoutMs: 30_000,
      maxOutputBytes: 64 << 20,
      take: nulFields(take),
    })
    if (code !== 0) throw failureOf(stderr)
    return files
  })
}

/** `:mode mode blob blob status` NUL path NUL, and of a rename another path. */
function reader() {
  const files: ComparedFile[] = []
  let row: string[] = []
  let paths: string[] = []
  const take = (field: Buffer): void => {
    const text = field.toString('utf8')
    if (row.length === 0) {
      row = text.slice(1).split(' ')
      return
    }
    paths.push(text)
    const [modeBefore = '', modeAfter = '', before = '', after = '', status = ''] = row
    if (/^[RC]/.test(status) && paths.length < 2) return
    const [first = '', second = first] = paths
    row = []
    paths = []
    if (files.length >= MAX_FILES) throw new TenonError('repository_too_large', { details: { limitFiles: MAX_FILES } })
    files.push({
      path: second,
      previousPath: status.startsWith('R') ? first : null,
      before: blobOf(modeBefore, before),
      after: blobOf(modeAfter, after),
    })
  }
  return { take, files }
}

function blobOf(mode: string, sha: string): string | null {
  return NO_BLOB.test(sha) || !mode.startsWith('100') ? null : sha
}
