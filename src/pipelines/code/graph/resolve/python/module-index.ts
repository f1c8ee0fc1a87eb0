import { below, dirOf } from '../paths.ts'

const MODULE = /\.(?:py|pyi|pyx)$/
const INIT = /(?:^|\/)__init__\.pyi?$/

/** The modules of a commit by their places. A base is a path without extension: `src/acme/util`. */
export class PythonIndex {
  readonly files: ReadonlySet<string>
  readonly #children = new Map<string, Set<string>>()
  readonly #packages = new Set<string>()
  readonly #modules = new Map<string, string | null>()

  constructor(files: ReadonlySet<string>) {
    this.files = files
    for (const path of files) {
      if (!MODULE.test(path)) continue
      if (INIT.test(path)) this.#packages.add(dirOf(path))
      this.#enter(path.replace(MODULE, ''))
    }
  }

  /** Directories with modules in them or below; the root is one. */
  get dirs(): Iterable<string> {
    return this.#children.keys()
  }

  /** Directories with an `__init__`. */
  get packages(): ReadonlySet<string> {
    return this.#packages
  }

  /** Names of what may be imported from a directory. */
  childrenOf(dir: string): ReadonlySet<string> {
    return this.#children.get(dir) ?? NONE
  }

  isDir(base: string): boolean {
    return this.#children.has(base)
  }

  /** The file of a module or package; null for a directory without one. */
  fileOf(base: string): string | null {
    let found = this.#modules.get(base)
    if (found === undefined) {
      const paths = [
        below(base, '__init__.py'),
        `${base}.py`,
        below(base, '__init__.pyi'),
        `${base}.pyi`,
        `${base}.pyx`,
      ]
      found = paths.find((path) => this.files.has(path)) ?? null
      this.#modules.set(base, found)
    }
    return found
  }

  /** Where the outermost package around a file stands; null when the file is in none. */
  parentOfTopPackage(dir: string): string | null {
    let at = dir
    if (at === '' || !this.#packages.has(at)) return null
    while (at !== '' && this.#packages.has(at)) at = dirOf(at)
    return at
  }

  #enter(base: string): void {
    for (let at = base; at !== '';) {
      const dir = dirOf(at)
      const known = this.#children.get(dir)
      const name = at.slice(dir === '' ? 0 : dir.length + 1)
      if (known !== undefined) {
        known.add(name)
        return
      }
      this.#children.set(dir, new Set([name]))
      at = dir
    }
  }
}

const NONE: ReadonlySet<string> = new Set()
