import type { EntryTable } from './exports.ts'

/** What a package.json says. */
export interface Package {
  readonly dir: string
  readonly name: string | null
  readonly private: boolean
  readonly exports: EntryTable | null
  readonly imports: EntryTable | null
  /** Of the fields that name the main module; the best first. */
  readonly mains: readonly string[]
  /** Versions by name, whatever the kind of dependency. */
  readonly dependencies: ReadonlyMap<string, string>
}
