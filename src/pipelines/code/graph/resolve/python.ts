import type { ImportFact } from '../facts.ts'
import { below, dirOf } from './paths.ts'
import { PythonIndex } from './python/module-index.ts'
import { readPythonProjects } from './python/projects.ts'
import { publicPythonModules } from './python/public-modules.ts'
import { PythonRoots } from './python/roots.ts'
import { PYTHON_STDLIB } from './python/stdlib.ts'
import type { Resolved, Resolver, UnresolvedReason } from './resolver.ts'

export interface PythonSources {
  readonly files: ReadonlySet<string>
  /** Of configuration files. */
  readonly texts: ReadonlyMap<string, string>
}

export function createPythonResolver({ files, texts }: PythonSources): Resolver {
  const index = new PythonIndex(files)
  const roots = new PythonRoots(index, readPythonProjects(files, texts))
  const resolution = new Resolution(index, roots)
  return {
    resolve: (path, found) => resolution.resolve(path, found),
    publicModules: () => publicPythonModules(index, roots),
  }
}

/** A name that is given as a text need not be one that a statement could have: `migrations.0001_initial`. */
const SPECIFIER = /^(?:\.+|\.*[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*)$/u

type Candidates =
  | { readonly bases: readonly string[]; readonly reason: 'external' | 'not_found' }
  | { readonly bases: readonly []; readonly reason: 'builtin' }

class Resolution {
  readonly #index: PythonIndex
  readonly #roots: PythonRoots

  constructor(index: PythonIndex, roots: PythonRoots) {
    this.#index = index
    this.#roots = roots
  }

  resolve(path: string, { specifier, kind, names }: ImportFact): readonly Resolved[] {
    const imported = names.map((one) => one.imported)
    if (specifier === null) return [unresolved('not_literal', imported)]
    if (!SPECIFIER.test(specifier)) return [unresolved('not_found', imported)]
    const dots = /^\.*/.exec(specifier)?.[0].length ?? 0
    const rest = specifier.slice(dots)
    const parts = rest === '' ? [] : rest.split('.')
    if (kind === 'mock') return [this.#mock(path, parts)]
    if (dots > 0) return this.#relative(path, dots, parts, imported)
    const { bases, reason } = this.#candidates(path, parts)
    for (const base of bases) {
      const found = this.#inModule(base, imported)
      if (found !== null) return found
    }
    return reason === 'external' ? external(parts, imported) : [unresolved(reason, imported)]
  }

  #relative(path: string, dots: number, parts: readonly string[], names: readonly string[]): readonly Resolved[] {
    let dir: string | null = dirOf(path)
    for (let level = 1; level < dots && dir !== null; level++) {
      const above: string | null = dir === '' ? null : dirOf(dir)
      // Dots lead from package to package, and where packages stand is none.
      dir = above === null || this.#roots.isTop(dir) || this.#roots.isTop(above) ? null : above
    }
    const base = dir === null ? null : below(dir, parts.join('/'))
    return (base === null ? null : this.#inModule(base, names)) ?? [unresolved('not_found', names)]
  }

  /** Where a module may stand, the likeliest first, and what it is when it stands at none. */
  #candidates(path: string, parts: readonly string[]): Candidates {
    const top = parts[0] ?? ''
    const from = dirOf(path)
    // A module with the name of what it imports does not mean itself.
    let dirs = this.#roots.offering(top, from).filter((dir) => !path.startsWith(`${below(dir, top)}.py`))
    if (PYTHON_STDLIB.has(top)) {
      dirs = dirs.filter((dir) => this.#roots.isNearest(dir, from) && this.#index.fileOf(below(dir, top)) !== null)
      if (dirs.length === 0) return { bases: [], reason: 'builtin' }
    }
    const bases = dirs.map((dir) => below(dir, parts.join('/')))
    return { bases, reason: dirs.some((dir) => this.#belongs(dir, parts)) ? 'not_found' : 'external' }
  }

  /** A directory without `__init__` gives way to an installed package of its name; not so a path of two. */
  #belongs(dir: string, parts: readonly string[]): boolean {
    const [top = '', second] = parts
    const base = below(dir, top)
    return this.#index.fileOf(base) !== null || (second !== undefined && this.#index.childrenOf(base).has(second))
  }

  /** Names of a module, each of its submodules apart; null when neither the module nor one of them exists. */
  #inModule(base: string, names: readonly string[]): readonly Resolved[] | null {
    const own: string[] = []
    const found: Resolved[] = []
    const file = this.#index.fileOf(base)
    for (const name of names) {
      const submodule = name === '*' || !this.#index.isDir(base) ? null : this.#index.fileOf(below(base, name))
      if (submodule === null) own.push(name)
      else found.push({ ...resolved(submodule, ['*']), submodule: name })
    }
    if (file === null && found.length === 0) return null
    if (own.length > 0 || names.length === 0)
      found.unshift(file === null ? unresolved('not_found', own) : resolved(file, own))
    return found
  }

  /** Of the whole path of what is replaced, the longest part that is a module. */
  #mock(path: string, parts: readonly string[]): Resolved {
    const top = parts[0] ?? ''
    const dirs = this.#roots.offering(top, dirOf(path))
    const builtin = PYTHON_STDLIB.has(top)
    for (let length = parts.length; length > 0; length--) {
      for (const dir of dirs) {
        if (builtin && !this.#roots.isNearest(dir, dirOf(path))) continue
        const file = this.#index.fileOf(below(dir, parts.slice(0, length).join('/')))
        if (file !== null) return resolved(file, [])
      }
    }
    if (builtin) return unresolved('builtin', [])
    const module = `py:${parts.slice(0, Math.max(1, parts.length - 1)).join('.')}`
    return { path: null, reason: 'external', module, names: [] }
  }
}

function external(parts: readonly string[], names: readonly string[]): readonly Resolved[] {
  const module = `py:${parts.join('.')}`
  const submodules = names.filter((name) => name !== '*')
  return [
    { path: null, reason: 'external', module, names },
    ...submodules.map((name) => ({
      path: null,
      reason: 'external' as const,
      module: `${module}.${name}`,
      names: ['*'],
      submodule: name,
    })),
  ]
}

function resolved(path: string, names: readonly string[]): Resolved {
  return { path, reason: null, module: null, names }
}

function unresolved(reason: UnresolvedReason, names: readonly string[]): Resolved {
  return { path: null, reason, module: null, names }
}
