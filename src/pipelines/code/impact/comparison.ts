import type { ChangedSymbol } from '../../../contract/impact.ts'
import type { Hunk } from './diff.ts'

/** A file of which both sides are looked into. */
export interface Comparison {
  /** Paths; null where the file is not there. */
  readonly before: string | null
  readonly after: string | null
  readonly texts: ComparisonTexts
}

/**
 * Where the texts come from. `hunks`: the indexed text is one of the sides, and the other is made from it; `first` is the
 * side that it is tried as first. `given`: as they are. `symbols`: these will change in what is indexed.
 */
export type ComparisonTexts =
  | { readonly kind: 'hunks'; readonly hunks: readonly Hunk[]; readonly first: 'before' | 'after' }
  | { readonly kind: 'given'; readonly before: string | null; readonly after: string | null }
  | { readonly kind: 'symbols'; readonly names: readonly string[] }

export interface Compared {
  readonly symbols: readonly Omit<ChangedSymbol, 'path'>[]
  /** Names by which other files import what is affected; `*` for all. */
  readonly names: ReadonlySet<string>
  /** Those that are affected in types alone. */
  readonly typeNames: ReadonlySet<string>
  /** Whether the texts are known: the indexed one was neither side. */
  readonly applies: boolean
  /** A text has syntax errors, so that something may be missing. */
  readonly incomplete: boolean
}
