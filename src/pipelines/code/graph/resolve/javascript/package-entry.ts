import { type EntryTable, targetsOf } from './exports.ts'
import type { Package } from './package.ts'
import type { Packages } from './packages.ts'
import { below, dirOf, joinPath, relativeTo } from '../paths.ts'
import { type FileIndex, isDeclaration, probeFile, probeIndex, probeSource } from './probe.ts'

const BUILT = /^(?:dist|lib|build|out|esm|cjs|es|output)$/
/** Behind the first: `dist/types`. */
const BUILT_AGAIN = /^(?:dist|lib|build|out|esm|cjs|es|output|types|typings|umd|node|browser|module|modern)$/
const CODE = /(?:\.d)?\.[cm]?[jt]sx?$/
/** As bundlers name the formats of a library: `ui.umd.js`. */
const FORMAT = /\.(?:umd|esm|cjs|es|min|module|modern|common|iife|prod|production|development|browser|node|bundle)$/

/** What a configuration of TypeScript says of a package: where its sources are compiled to. */
export interface Output {
  /** Path in the repository. */
  readonly built: string
  readonly sources: readonly string[]
}

export interface EntryOptions {
  readonly index: FileIndex
  readonly packages: Packages
  /** Of the configurations in the directory of a package. */
  outputs(dir: string): readonly Output[]
}

/** Finds the sources behind what packages offer. */
export class PackageEntries {
  readonly #index: FileIndex
  readonly #packages: Packages
  readonly #outputs: (dir: string) => readonly Output[]
  readonly #outputsByDir = new Map<string, readonly Output[]>()
  readonly #known = new Map<Package, Map<string, string | null>>()

  constructor({ index, packages, outputs }: EntryOptions) {
    this.#index = index
    this.#packages = packages
    this.#outputs = outputs
  }

  /**
   * @param subpath behind the name of the package, without leading slash; '' for its main module
   * @param open the `exports` do not forbid what they leave out, as TypeScript had it in `moduleResolution: node`
   */
  resolve(from: Package, subpath: string, open: boolean): string | null {
    let known = this.#known.get(from)
    if (known === undefined) this.#known.set(from, (known = new Map<string, string | null>()))
    const key = open ? `?${subpath}` : subpath
    let found = known.get(key)
    if (found === undefined) known.set(key, (found = this.#resolve(from, subpath, open)))
    return found
  }

  /** What the targets of an entry lead to: of `exports`, `imports` or of a main field. */
  firstOf(from: Package, targets: readonly string[]): string | null {
    const places = targets.flatMap((target) => {
      const place = joinPath(from.dir, target)
      return place === null || relativeTo(from.dir, place) === null ? [] : place
    })
    let declaration: string | null = null
    for (const place of places) {
      const found = probeFile(this.#index, place) ?? probeIndex(this.#index, place)
      if (found !== null && !isDeclaration(found)) return found
      declaration ??= found
    }
    for (const place of places) {
      const found = this.#sourceOf(from, place)
      if (found !== null && !isDeclaration(found)) return found
      declaration ??= found
    }
    return declaration
  }

  /** A file or directory, as a path without regard to `exports`. */
  probe(path: string): string | null {
    return probeFile(this.#index, path) ?? this.probeDirectory(path)
  }

  probeDirectory(dir: string): string | null {
    if (!this.#index.hasDirectory(dir)) return null
    const found = this.#packages.at(dir)
    const main = found === null ? null : this.firstOf(found, found.mains)
    return main ?? probeIndex(this.#index, dir)
  }

  /** The source of a path that may be that of a build. */
  built(path: string): string | null {
    const owner = this.#packages.nearest(dirOf(path))
    return owner === null ? null : this.#sourceOf(owner, path)
  }

  #resolve(from: Package, subpath: string, open: boolean): string | null {
    if (from.exports !== null) {
      const found = this.#exported(from, from.exports, subpath)
      if (found !== null || !open) return found
    }
    if (subpath === '') return this.firstOf(from, from.mains) ?? this.#mainIndex(from)
    const direct = joinPath(from.dir, subpath)
    if (direct === null || relativeTo(from.dir, direct) === null) return null
    return this.probe(direct) ?? this.#beside(from, subpath) ?? this.#sourceOf(from, direct)
  }

  #exported(from: Package, table: EntryTable, subpath: string): string | null {
    const found = targetsOf(table, subpath === '' ? '.' : `./${subpath}`)
    if (found === null) return null
    const direct = this.firstOf(from, found.targets)
    if (direct !== null || !found.exact || found.targets.length === 0) return direct
    if (subpath === '') return this.#mainIndex(from)
    return this.#beside(from, subpath) ?? probeFile(this.#index, below(from.dir, subpath))
  }

  #beside(from: Package, subpath: string): string | null {
    for (const folder of ['src', 'lib']) {
      const place = joinPath(below(from.dir, folder), subpath)
      const found = place === null || relativeTo(from.dir, place) === null ? null : this.probe(place)
      if (found !== null) return found
    }
    return null
  }

  #mainIndex({ dir }: Package): string | null {
    return probeIndex(this.#index, dir) ?? probeIndex(this.#index, below(dir, 'src'))
  }

  #sourceOf(from: Package, path: string): string | null {
    for (const place of this.#placesOf(from, path)) {
      const found = CODE.test(place) || !/\.\w+$/.test(place) ? this.#codeAt(place) : this.#assetAt(place)
      if (found !== null) return found
    }
    return this.#wholeOf(from, path)
  }

  /** Bundlers name a library by its package: `dist/ui.umd.min.js` is made of the main module. */
  #wholeOf({ dir, name }: Package, path: string): string | null {
    const segments = (relativeTo(dir, path) ?? '').split('/')
    const [stem] = segments.at(-1)?.split('.') ?? []
    const isWhole = name !== null && stem === name.slice(name.indexOf('/') + 1) && BUILT.test(segments[0] ?? '')
    return isWhole ? probeSource(this.#index, below(dir, 'src/index')) : null
  }

  #codeAt(place: string): string | null {
    const stem = place.replace(CODE, '')
    const found = probeSource(this.#index, stem)
    if (found !== null || !FORMAT.test(stem)) return found
    return probeSource(this.#index, stem.replace(FORMAT, ''))
  }

  #assetAt(place: string): string | null {
    const style = place.endsWith('.css') ? ['.scss', '.less', '.styl'] : []
    const all = [place, ...style.map((extension) => place.slice(0, -4) + extension)]
    return all.find((one) => this.#index.has(one)) ?? null
  }

  *#placesOf(from: Package, path: string): Iterable<string> {
    yield path
    for (const { built, sources } of this.#outputsOf(from.dir)) {
      const rest = relativeTo(built, path)
      if (rest !== null) for (const source of sources) yield below(source, rest)
    }
    const segments = (relativeTo(from.dir, path) ?? path).split('/')
    const at = segments.findIndex((segment) => BUILT.test(segment))
    if (at === -1) return
    const around = (rest: readonly string[]): readonly string[] => [
      [...segments.slice(0, at), 'src', ...rest].join('/'),
      [...segments.slice(0, at), ...rest].join('/'),
    ]
    for (const place of around(segments.slice(at + 1))) yield below(from.dir, place)
    if (BUILT_AGAIN.test(segments[at + 1] ?? ''))
      for (const place of around(segments.slice(at + 2))) yield below(from.dir, place)
  }

  #outputsOf(dir: string): readonly Output[] {
    let known = this.#outputsByDir.get(dir)
    if (known === undefined) this.#outputsByDir.set(dir, (known = this.#outputs(dir)))
    return known
  }
}
