import type { Folder } from './folder.ts'
import { CliError, type CliSettings, type GitAnswer } from './settings.ts'

/** Files that git does not know yet: more than these are named, not read. */
const MAX_NEW_FILES = 200

/** Whatever this person's settings are, the text is the one that is read at the other end. */
const DIFF = [
  'diff',
  '--no-color',
  '--no-ext-diff',
  '--no-textconv',
  '--no-relative',
  '-M',
  '-U3',
  '--submodule=short',
  '--src-prefix=a/',
  '--dst-prefix=b/',
] as const

export interface Change {
  readonly diff: string
  /** New files that git does not know and that are not in the diff. */
  readonly leftOut: readonly string[]
}

/** The change between two commits, or between one and the working tree with its new files. @throws CliError `usage` */
export async function changeIn(
  folder: Folder,
  { base = 'HEAD', head }: { readonly base?: string | undefined; readonly head?: string | undefined },
  settings: CliSettings,
): Promise<Change> {
  const { top } = folder
  const from = await forkPoint(folder, { base, head: head ?? 'HEAD' }, settings)
  const refs = head === undefined ? [from] : [from, head]
  const tracked = succeeded(await settings.git(['-C', top, ...DIFF, '--end-of-options', ...refs, '--']))
  if (head !== undefined) return { diff: tracked, leftOut: [] }
  const listed = succeeded(await settings.git(['-C', top, 'ls-files', '--others', '--exclude-standard', '-z']))
  // What ends in a slash is a repository of its own, and a lone hyphen would be the standard input.
  const files = listed.split('\0').filter((file) => file !== '' && file !== '-' && !file.endsWith('/'))
  const parts = [tracked]
  for (const file of files.slice(0, MAX_NEW_FILES)) {
    const added = await settings.git(['-C', top, ...DIFF, '--no-index', '--', '/dev/null', file])
    // Exits with 1 when there is a difference.
    parts.push(added.code === 1 ? added.out : succeeded(added))
  }
  return { diff: parts.join(''), leftOut: files.slice(MAX_NEW_FILES) }
}

/** Where the work has left the base: what others have done there since is no part of the change. */
async function forkPoint(
  { top }: Folder,
  { base, head }: { readonly base: string; readonly head: string },
  { git }: CliSettings,
): Promise<string> {
  const { code, out } = await git(['-C', top, 'merge-base', '--end-of-options', base, head])
  return code === 0 && out.trim() !== '' ? out.trim() : base
}

/** The commit that is checked out; null before the first one. */
export async function headOf({ top }: Folder, { git }: CliSettings): Promise<string | null> {
  const { code, out } = await git(['-C', top, 'rev-parse', '--verify', '--quiet', 'HEAD'])
  return code === 0 ? out.trim() : null
}

function succeeded({ code, out, err }: GitAnswer): string {
  if (code === 0) return out
  const [reason = ''] = err.trim().split('\n')
  throw new CliError('usage', { reason: `git: ${reason.replace(/^(?:fatal|error): /, '') || `ended with ${code}`}` })
}
