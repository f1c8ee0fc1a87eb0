import { isTable, own, ownString, parseJson, stringsOf, type Table } from '../config-text.ts'
import { readEntries, readExports } from './exports.ts'
import { baseOf, dirOf, joinPath, upward } from '../paths.ts'
import type { Package } from './package.ts'
import { readWorkspaces, type Workspace } from './workspaces.ts'

const DEPENDENCY_FIELDS = ['dependencies', 'devDependencies', 'peerDependencies', 'optionalDependencies']
const MAIN_FIELDS = ['source', 'module', 'main', 'types', 'typings', 'browser']
/** `link:../ui`; yarn takes a bare path as well. */
const LINKED = /^(?:file:|link:|portal:|(?=\.\.?\/))(.+)$/
/** A member under another name: `workspace:@acme/ui@*`. */
const RENAMED = /^workspace:((?:@[^/@]+\/)?[^/@]+)@/

export interface Packages {
  readonly all: readonly Package[]
  at(dir: string): Package | null
  /** The package that a file of the directory belongs to. */
  nearest(dir: string): Package | null
  /** The package of this repository that `name` means in the directory. */
  member(name: string, dir: string): Package | null
  /** Some manifest from the directory upward names the package, or its types. */
  declares(name: string, dir: string): boolean
}

export function readPackages(texts: ReadonlyMap<string, string>): Packages {
  const byDir = new Map<string, Package>()
  const tables = new Map<string, Table>()
  for (const [path, text] of texts) {
    if (baseOf(path) !== 'package.json') continue
    const table = parseJson(text)
    if (table === null) continue
    tables.set(dirOf(path), table)
    byDir.set(dirOf(path), readPackage(dirOf(path), table))
  }
  const workspaces = readWorkspaces(texts, tables, byDir)
  return new PackagesOf(byDir, workspaces)
}

class PackagesOf implements Packages {
  readonly all: readonly Package[]
  readonly #byDir: ReadonlyMap<string, Package>
  readonly #workspaces: ReadonlyMap<string, Workspace>
  readonly #chains = new Map<string, readonly Package[]>()

  constructor(byDir: ReadonlyMap<string, Package>, workspaces: ReadonlyMap<string, Workspace>) {
    this.#byDir = byDir
    this.#workspaces = workspaces
    this.all = [...byDir.values()].toSorted((a, b) => (a.dir < b.dir ? -1 : 1))
  }

  at(dir: string): Package | null {
    return this.#byDir.get(dir) ?? null
  }

  nearest(dir: string): Package | null {
    return this.#chain(dir)[0] ?? null
  }

  member(name: string, dir: string): Package | null {
    const self = this.nearest(dir)
    if (self?.name === name) return self
    return this.#workspaceMember(name, dir) ?? this.#linked(name, dir)
  }

  declares(name: string, dir: string): boolean {
    const types = `@types/${name.startsWith('@') ? name.slice(1).replace('/', '__') : name}`
    return this.#chain(dir).some(({ dependencies }) => dependencies.has(name) || dependencies.has(types))
  }

  #workspaceMember(name: string, dir: string): Package | null {
    if (this.#workspaces.size === 0) return null
    for (const root of upward(dir)) {
      const found = this.#workspaces.get(root)?.get(name)
      if (found !== undefined) return found
    }
    return null
  }

  #linked(name: string, dir: string): Package | null {
    for (const { dir: from, dependencies } of this.#chain(dir)) {
      const version = dependencies.get(name)
      if (version === undefined) continue
      const renamed = RENAMED.exec(version)?.[1]
      if (renamed !== undefined && renamed !== name) return this.#workspaceMember(renamed, dir)
      const above = version.startsWith('workspace:') ? this.#chain(dir).find((one) => one.name === name) : undefined
      if (above !== undefined) return above
      const target = LINKED.exec(version)?.[1]
      const at = target === undefined ? null : joinPath(from, target)
      return at === null ? null : this.at(at)
    }
    return null
  }

  /** From the nearest upward. */
  #chain(dir: string): readonly Package[] {
    const known = this.#chains.get(dir)
    if (known !== undefined) return known
    const here = this.#byDir.get(dir)
    const above = dir === '' ? [] : this.#chain(dirOf(dir))
    const chain = here === undefined ? above : [here, ...above]
    this.#chains.set(dir, chain)
    return chain
  }
}

function readPackage(dir: string, table: Table): Package {
  const imports = own(table, 'imports')
  const dependencies = DEPENDENCY_FIELDS.flatMap((field) => {
    const listed = own(table, field)
    return isTable(listed) ? Object.entries(listed) : []
  })
  return {
    dir,
    name: ownString(table, 'name'),
    private: own(table, 'private') === true,
    exports: readExports(own(table, 'exports')),
    imports: isTable(imports) ? readEntries(imports) : null,
    mains: MAIN_FIELDS.flatMap((field) => ownString(table, field) ?? stringsOf(own(table, field)) ?? []),
    // The first field that lists a package is the one that is installed.
    dependencies: new Map(
      dependencies.toReversed().map(([name, version]) => [name, typeof version === 'string' ? version : '']),
    ),
  }
}
