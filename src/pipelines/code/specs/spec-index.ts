import type { UNKNOWN_REASONS } from '../../../contract/graph.ts'
import type { SymbolKind } from '../graph/facts.ts'
import type { UnresolvedReason } from '../graph/resolve/resolver.ts'

/** What a plan is checked against: the indexed commit. Each method is asked for many at once, and few times. */
export interface SpecIndex {
  /** Every file of the commit. */
  readonly paths: readonly string[]
  /** Files of the commit of which the graph knows nothing or not all, whether `paths` has them or not. */
  readonly gaps: ReadonlyMap<string, Gap>
  readonly manifests: readonly Manifest[]
  /** Names of the packages that the repository itself has. */
  readonly workspaceNames: ReadonlySet<string>
  symbolsOf(paths: readonly string[]): Promise<readonly IndexedSymbol[]>
  /** Those of exactly this name, or exported by it. */
  symbolsNamed(names: readonly string[]): Promise<readonly IndexedSymbol[]>
  /** Those that may be meant by a name that is not there, for suggestions; may be few or none. */
  symbolsLike(names: readonly string[]): Promise<readonly IndexedSymbol[]>
  importersOf(paths: readonly string[]): Promise<readonly IndexedImport[]>
  importsOf(paths: readonly string[]): Promise<readonly IndexedImport[]>
  /** Imports by which files of the repository import each other: all, or a few thousand of them. For conventions. */
  localImports(): Promise<readonly LocalImport[]>
  /** In the commit as the plan leaves it: see `pathsAfter`. */
  resolve(path: string, specifier: string): Resolution
}

export interface Gap {
  readonly reason: (typeof UNKNOWN_REASONS)[number]
  readonly detail: string
}

export interface IndexedSymbol {
  readonly path: string
  readonly name: string
  readonly line: number
  readonly kind: SymbolKind
  readonly exportedAs: readonly string[]
}

export interface LocalImport {
  readonly path: string
  readonly specifier: string
  /** File that is imported. */
  readonly target: string
}

export interface IndexedImport extends LocalImport {
  readonly line: number
  /** As of `ImportFact`. */
  readonly kind: string
  readonly typeOnly: boolean
  /** What is imported; `*` for all of the module, none for an import for its effects. */
  readonly names: readonly string[]
}

export interface Resolution {
  /** null with a reason. */
  readonly path: string | null
  readonly reason: UnresolvedReason | null
}

export interface Manifest {
  readonly path: string
  readonly ecosystem: 'npm' | 'python'
  /** Of the package. */
  readonly name: string | null
  readonly dependencies: readonly Declared[]
}

export interface Declared {
  readonly name: string
  /** As written; empty when the manifest takes any version. */
  readonly range: string
  readonly line: number | null
  /** What a package asks of those that use it is wide on purpose, and no convention. */
  readonly peer: boolean
}
