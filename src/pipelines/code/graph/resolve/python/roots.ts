import { below, dirOf, relativeTo, upward } from '../paths.ts'
import type { PythonIndex } from './module-index.ts'
import type { PythonProject } from './projects.ts'

interface Root {
  readonly dir: string
  /** The project that names it; files there see it as near as the project itself. */
  readonly host: string
  /** Only the parent of packages: modules beside them are scripts. */
  readonly inferred: boolean
}

/** The directories from which absolute imports are resolved. */
export class PythonRoots {
  readonly #index: PythonIndex
  readonly #byName = new Map<string, Root[]>()
  readonly #declared = new Set<string>()
  readonly #tops = new Set<string>()
  readonly #projects = new Set<string>()
  readonly #memo = new Map<string, readonly string[]>()

  constructor(index: PythonIndex, projects: readonly PythonProject[]) {
    this.#index = index
    const roots = new Map<string, Root>()
    const add = (dir: string, host: string, inferred: boolean): void => {
      if (index.isDir(dir) && (roots.get(dir)?.inferred ?? true)) roots.set(dir, { dir, host, inferred })
    }
    for (const project of projects) {
      this.#projects.add(project.dir)
      for (const dir of project.tops) if (dir !== project.dir && !index.packages.has(dir)) this.#tops.add(dir)
      for (const dir of [...project.roots, below(project.dir, 'src')]) {
        add(dir, project.dir, false)
        if (dir !== project.dir) this.#declared.add(dir)
      }
      add(project.dir, project.dir, false)
    }
    add('', '', false)
    for (const dir of index.packages) {
      const parent = dirOf(dir)
      if (dir !== '' && !index.packages.has(parent)) add(parent, parent, true)
    }
    for (const root of roots.values())
      for (const name of index.childrenOf(root.dir)) {
        const known = this.#byName.get(name)
        if (known === undefined) this.#byName.set(name, [root])
        else known.push(root)
      }
  }

  /** Directories in which `name` may be found by files of a directory, the nearest first. */
  offering(name: string, from: string): readonly string[] {
    const key = `${from}\0${name}`
    let found = this.#memo.get(key)
    if (found === undefined) {
      found = this.#search(name, from)
      this.#memo.set(key, found)
    }
    return found
  }

  /** Whether what is found in `dir` comes before what is installed. */
  isNearest(dir: string, from: string): boolean {
    if (dir === this.#index.parentOfTopPackage(from) || (dir === from && this.#isScripts(from))) return true
    const above = upward(from).find((one) => this.#declared.has(one) || this.#projects.has(one) || one === '')
    return dir === above
  }

  /** Directories that a configuration names, other than that of the project itself. */
  isDeclared(dir: string): boolean {
    return this.#declared.has(dir)
  }

  /** It is no package itself but holds those of a distribution, so that no relative import leads to it. */
  isTop(dir: string): boolean {
    return this.#tops.has(dir)
  }

  isProject(dir: string): boolean {
    return this.#projects.has(dir)
  }

  #search(name: string, from: string): readonly string[] {
    const ranked = (this.#byName.get(name) ?? []).flatMap((root) => {
      const rank = this.#rankOf(root, name, from)
      return rank === null ? [] : [{ dir: root.dir, rank }]
    })
    ranked.sort((one, other) => other.rank - one.rank || (one.dir < other.dir ? -1 : 1))
    const script = this.#isScripts(from) ? [from] : []
    // Programs are started in directories that no configuration names.
    const dirs = [...script, ...ranked.map(({ dir }) => dir), ...upward(from).slice(1)]
    return [...new Set(dirs)].filter((dir) => this.#index.childrenOf(dir).has(name))
  }

  /** Neither in a package nor, without `__init__`, below a directory of sources. */
  #isScripts(dir: string): boolean {
    return this.#index.parentOfTopPackage(dir) === null && !upward(dir).some((one) => this.#declared.has(one))
  }

  #rankOf({ dir, host, inferred }: Root, name: string, from: string): number | null {
    if (relativeTo(dir, from) !== null) return ENCLOSING + 2 * depthOf(dir) + 1
    if (relativeTo(host, from) !== null) return ENCLOSING + 2 * depthOf(host)
    if (inferred && !this.#index.packages.has(below(dir, name))) return null
    return sharedDepth(dir, from)
  }
}

const ENCLOSING = 1_000_000

function depthOf(dir: string): number {
  return dir === '' ? 0 : dir.split('/').length
}

function sharedDepth(one: string, other: string): number {
  const [left, right] = [one.split('/'), other.split('/')]
  let depth = 0
  while (depth < left.length && left[depth] === right[depth]) depth++
  return depth
}
