import { existsSync, lstatSync, opendirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join, resolve, sep } from 'node:path'
import { TenonError } from '../../../kernel/tenon-error.ts'

const MAX_ALTERNATES = 5
const MAX_POINTER_BYTES = 65_536
/** Of objects, packs and refs that are looked at; git packs its objects long before. */
const MAX_ENTRIES = 1_000_000

/**
 * The git folder of a local repository, found as git would find it. All that git reads of it has to stand in the allowed
 * folders: a `.git` that points elsewhere, borrowed objects or links would show the files of somebody else. Among objects
 * and refs there is no link at all.
 *
 * @throws TenonError `source_not_a_repository`; `source_forbidden` when a part of it stands elsewhere, or when it has
 * more than 1,000,000 objects and refs in files of their own.
 */
export function gitDirOf(folder: string, roots: readonly string[]): string {
  try {
    return find(folder, roots)
  } catch (error) {
    // What can not be read is as good as nothing.
    throw error instanceof TenonError ? error : new TenonError('source_not_a_repository', { cause: error })
  }
}

function find(folder: string, roots: readonly string[]): string {
  const inside = (path: string): string => insideOf(path, roots)
  const own = join(folder, '.git')
  const gitDir = present(own) ? inside(pointed(inside(own))) : folder
  // git would go down there first.
  if (present(join(gitDir, '.git'))) throw notARepository()
  const commonFile = join(gitDir, 'commondir')
  const common = present(commonFile) ? inside(resolve(gitDir, pointerIn(inside(commonFile)))) : gitDir
  const objects = join(common, 'objects')
  if (!existsSync(join(gitDir, 'HEAD')) || !isFolder(objects) || !isFolder(join(common, 'refs'))) throw notARepository()
  for (const name of ['HEAD', 'shallow', 'config', 'config.worktree', 'refs'].map((part) => join(gitDir, part)))
    if (present(name)) inside(name)
  for (const name of ['config', 'packed-refs', 'shallow', 'refs'].map((part) => join(common, part)))
    if (present(name)) inside(name)
  const walk = linkRefusal()
  for (const refs of new Set([gitDir, common].flatMap((one) => [join(one, 'refs'), join(one, 'reftable')])))
    if (present(refs)) walk(inside(refs))
  checkObjects(objects, { inside, walk }, 0)
  return gitDir
}

/**
 * Where the parts of a trusted folder's repository stand when they stand elsewhere: those of a linked working tree, or
 * of a submodule. Allowed beside it, they let it be read.
 */
export function gitFoldersOf(folder: string): string[] {
  const own = join(folder, '.git')
  try {
    if (!present(own) || lstatSync(own).isDirectory()) return []
    const gitDir = realpathSync(pointed(own))
    const commonFile = join(gitDir, 'commondir')
    return [gitDir, ...(present(commonFile) ? [realpathSync(resolve(gitDir, pointerIn(commonFile)))] : [])]
  } catch {
    // What can not be followed is not allowed either.
    return []
  }
}

/** The folders of objects, those that it borrows from, and theirs. */
function checkObjects(
  objects: string,
  look: { readonly inside: (path: string) => string; readonly walk: (folder: string) => void },
  depth: number,
): void {
  if (depth > MAX_ALTERNATES) throw elsewhere()
  const folder = look.inside(objects)
  look.walk(folder)
  const alternates = join(folder, 'info', 'alternates')
  if (!present(alternates)) return
  for (const line of read(alternates).split('\n'))
    if (line !== '' && !line.startsWith('#')) checkObjects(resolve(folder, unquoted(line)), look, depth + 1)
}

/** For whole folders; the limit is one for all of them. */
function linkRefusal(): (folder: string) => void {
  let left = MAX_ENTRIES
  return (top) => {
    const folders = [top]
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      using open = opendirSync(folder, { bufferSize: 1024 })
      for (let entry = open.readSync(); entry !== null; entry = open.readSync()) {
        if (entry.isSymbolicLink() || left-- === 0) throw elsewhere()
        if (entry.isDirectory()) folders.push(join(folder, entry.name))
      }
    }
  }
}

function insideOf(path: string, roots: readonly string[]): string {
  const real = realOf(path)
  if (real === null || !roots.some((root) => real === root || real.startsWith(root === sep ? sep : root + sep)))
    throw elsewhere()
  return real
}

/** A `.git` may be a file that says where the folder is. */
function pointed(path: string): string {
  if (isFolder(path)) return path
  const [, target] = /^gitdir: ([^\0\n]+)\s*$/.exec(read(path)) ?? []
  if (target === undefined) throw notARepository()
  return resolve(dirname(path), target.trimEnd())
}

function pointerIn(path: string): string {
  return read(path).trimEnd()
}

function unquoted(line: string): string {
  // git writes odd paths in quotes; nothing in there is worth an exception.
  if (line.startsWith('"')) throw elsewhere()
  return line
}

function read(path: string): string {
  if (!statSync(path).isFile() || statSync(path).size > MAX_POINTER_BYTES) throw notARepository()
  return readFileSync(path, 'utf8')
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false
}

/** Also a link that leads nowhere. */
function present(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined
}

function realOf(path: string): string | null {
  try {
    return realpathSync(path)
  } catch {
    // A path that leads nowhere has no real one.
    return null
  }
}

function notARepository(): TenonError {
  return new TenonError('source_not_a_repository')
}

function elsewhere(): TenonError {
  return new TenonError('source_forbidden', { details: { reason: 'folder' } })
}
