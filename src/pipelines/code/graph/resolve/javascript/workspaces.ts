import { own, ownString, parseJsonc, parseYaml, stringsOf, type Table } from '../config-text.ts'
import { patternMatcher } from './globs.ts'
import type { Package } from './package.ts'
import { baseOf, dirOf, joinPath, relativeTo } from '../paths.ts'

/** Of the whole repository. */
const MAX_PATTERNS = 2_000

/** Members by name. */
export type Workspace = ReadonlyMap<string, Package>

/** By the directory that declares them. */
export function readWorkspaces(
  texts: ReadonlyMap<string, string>,
  manifests: ReadonlyMap<string, Table>,
  packages: ReadonlyMap<string, Package>,
): ReadonlyMap<string, Workspace> {
  const workspaces = new Map<string, Workspace>()
  for (const [root, patterns] of patternsByRoot(texts, manifests)) {
    const isMember = membership(root, patterns)
    const inside = [...packages.values()].filter(({ dir }) => isMember(dir))
    const found = new Map<string, Package>()
    // Of two with the same name the upper one counts.
    for (const member of inside.toSorted((a, b) => depth(a) - depth(b) || (a.dir < b.dir ? -1 : 1)))
      if (member.name !== null && !found.has(member.name)) found.set(member.name, member)
    workspaces.set(root, found)
  }
  return workspaces
}

function depth({ dir }: Package): number {
  return dir === '' ? 0 : dir.split('/').length
}

function membership(root: string, patterns: readonly string[]): (dir: string) => boolean {
  const matchers = (isOut: boolean): readonly ((path: string) => boolean)[] =>
    patterns
      .filter((pattern) => pattern.startsWith('!') === isOut)
      .map((pattern) => patternMatcher(clean(isOut ? pattern.slice(1) : pattern)))
  const [included, excluded] = [matchers(false), matchers(true)]
  return (dir) => {
    const relative = relativeTo(root, dir)
    // The root is no package that a plain version would mean: it may have the name of one that it publishes.
    if (relative === null || relative === '') return false
    return included.some((matches) => matches(relative)) && !excluded.some((matches) => matches(relative))
  }
}

function clean(pattern: string): string {
  return pattern.replace(/^(?:\.?\/)+/, '').replace(/\/+$/, '')
}

function patternsByRoot(
  texts: ReadonlyMap<string, string>,
  manifests: ReadonlyMap<string, Table>,
): ReadonlyMap<string, readonly string[]> {
  const all = new Map<string, readonly string[]>()
  let left = MAX_PATTERNS
  const add = (root: string, patterns: readonly string[] | null): void => {
    if (patterns === null || left === 0) return
    const taken = patterns.slice(0, left)
    left -= taken.length
    all.set(root, [...(all.get(root) ?? []), ...taken])
  }
  for (const [dir, manifest] of manifests) {
    const declared = own(manifest, 'workspaces')
    add(dir, stringsOf(declared) ?? stringsOf(own(declared, 'packages')))
  }
  for (const [path, text] of texts) {
    const name = baseOf(path)
    if (name === 'pnpm-workspace.yaml') add(dirOf(path), stringsOf(own(parseYaml(text), 'packages')))
    else if (name === 'lerna.json') add(dirOf(path), stringsOf(own(parseJsonc(text), 'packages')))
    else if (name === 'rush.json') add(dirOf(path), rushFolders(parseJsonc(text)))
  }
  return all
}

function rushFolders(rush: Table | null): readonly string[] | null {
  const projects = own(rush, 'projects')
  if (!Array.isArray(projects)) return null
  return projects.flatMap((project: unknown) => {
    const folder = ownString(project, 'projectFolder')
    return (folder === null ? null : joinPath('', folder)) ?? []
  })
}
