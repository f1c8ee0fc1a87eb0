import type { ImportFact } from '../facts.ts'

export const UNRESOLVED_REASONS = ['external', 'builtin', 'not_found', 'undeclared', 'not_literal'] as const
/**
 * `external`: a package that is declared as a dependency (or, of Python, any that is not of this repository).
 * `builtin`: of the runtime. `not_found`: it should stand in this repository and does not. `undeclared`: a package that
 * no manifest names. `not_literal`: the specifier is computed.
 */
export type UnresolvedReason = (typeof UNRESOLVED_REASONS)[number]

/** What has come of one import; of Python's `from a import b, c` there may be several. */
export interface Resolved {
  /** Path in the repository; null with a reason. */
  readonly path: string | null
  readonly reason: UnresolvedReason | null
  /** What another repository may provide, as in `publicModules`; null for what none can. */
  readonly module: string | null
  /** Those of the import's names (`imported`) that this is about. */
  readonly names: readonly string[]
  /** The name of the import that is this whole module: `b` of Python's `from a import b`. Its `names` are `*`. */
  readonly submodule?: string
}

/** A file that other repositories can import by the name of a package. */
export interface PublicModule {
  /** `@acme/ui/button`, or for Python `py:acme.util`. */
  readonly module: string
  readonly path: string
}

export interface Resolver {
  /** Synchronous; `path` is that of the importing file. */
  resolve(path: string, found: ImportFact): readonly Resolved[]
  publicModules(): readonly PublicModule[]
}

/** Texts of configuration files by path; those that do not exist are left out. */
export type LoadTexts = (paths: readonly string[]) => Promise<ReadonlyMap<string, string>>
