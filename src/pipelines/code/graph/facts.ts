import { hash } from 'node:crypto'
import type { SYMBOL_KINDS } from '../../../contract/languages.ts'

/**
 * What a parser finds in one blob. It depends on the text and the dialect alone, not on the path, so that it is found once
 * for each blob. How the imports of a file are resolved depends on the commit: see `resolve/`.
 */
export interface Facts {
  readonly symbols: readonly SymbolFact[]
  readonly imports: readonly ImportFact[]
  readonly entryPoints: readonly EntryPointFact[]
  /** Local names (of imports and top-level symbols) that run or are read when the module is loaded, outside any symbol. */
  readonly moduleUses: readonly string[]
  readonly module: ModuleFacts
  /** The text has syntax errors, so that something may be missing. */
  readonly incomplete: boolean
}

/** Worked out when it is asked for, as digests of symbols are: most facts are never compared. */
export interface ModuleFacts {
  /** Of what runs when the module is loaded, outside top-level symbols and imports, without comments and layout. */
  readonly digest: string
  /** Top-level symbols whose value is worked out on loading, and `#0`, `#1`, … for the statements between, in order. */
  readonly loadOrder: readonly string[]
  /** Of all top-level statements, in any order, without comments and layout: what it misses has not changed. */
  readonly textDigest: string
}

export type SymbolKind = (typeof SYMBOL_KINDS)[number]

/** A top-level definition, or a member of a class, interface or enum: `Class.member`. */
export interface SymbolFact {
  readonly name: string
  readonly kind: SymbolKind
  /** From 1. That of the name. */
  readonly line: number
  /** First and last line of the whole definition, decorators included; from 1. */
  readonly startLine: number
  readonly endLine: number
  /** Names under which other modules can import it; `default` is one. Empty for members. */
  readonly exportedAs: readonly string[]
  /** What callers rely on: the text before the body, white space made one space, at most 400 characters. */
  readonly signature: string
  /** Of the whole text of the definition without comments and layout; literals count as they are written. */
  readonly digest: string
  /** Local names (of imports and top-level symbols) used in it. Empty for members: those of the top-level symbol include theirs. */
  readonly uses: readonly string[]
}

export const IMPORT_KINDS = ['import', 're-export', 'dynamic', 'require', 'mock', 'url', 'reference'] as const
/**
 * `mock`: `vi.mock`, `jest.mock` and the like. `url`: `new URL('./x', import.meta.url)`, `require.resolve`,
 * `import.meta.resolve`. `reference`: `/// <reference path=… />`, or `types=…`.
 */
export type ImportKind = (typeof IMPORT_KINDS)[number]

/** One import of a module by a specifier. */
export interface ImportFact {
  /** As written; of Python the dotted module with its leading dots. null when it is not a literal, as in `import(name)`. */
  readonly specifier: string | null
  readonly kind: ImportKind
  /** Erased before the code runs: `import type`, `if TYPE_CHECKING`. */
  readonly typeOnly: boolean
  /** From 1. */
  readonly line: number
  /** Empty for an import for its effects alone. */
  readonly names: readonly ImportedName[]
}

export interface ImportedName {
  /** Name in the module that is imported; `*` for all of it, `default` for its default export. */
  readonly imported: string
  /** Name in this module; null where there is none, as in a re-export. */
  readonly local: string | null
  /** Name under which this module exports it again; `*` in `export * from`; null when it does not. */
  readonly exportedAs: string | null
}

/** Where the outside enters: a route, or work that a queue or a clock starts. */
export interface EntryPointFact {
  readonly kind: 'endpoint' | 'job'
  /** In upper case, of an endpoint; null when it takes any, and of a job. */
  readonly method: string | null
  /** The path of a route as written, the name of a job or queue. */
  readonly name: string
  /** The top-level symbol that it stands in, if any. */
  readonly symbol: string | null
  /** Of an endpoint that has a name of its own beside its route, as an operation of a contract has. */
  readonly title: string | null
  readonly line: number
}

/** Facts of another version are found anew. */
export const FACTS_VERSION = 1

export const DIALECTS = ['ts', 'tsx', 'dts', 'js', 'py', 'sfc'] as const
/**
 * How a text is parsed: the same text may stand at two paths that are parsed differently. `sfc`: a component of Vue or
 * Svelte, with scripts between markup.
 */
export type Dialect = (typeof DIALECTS)[number]

/** Others' code, and what tools write: its symbols would hide those that people have written. */
const FOREIGN = /(?:^|\/)(?:node_modules|bower_components|__pycache__|\.next|\.yarn)\/|\.min\.[mc]?js$/i

/** null for what has no graph: it can be searched only. */
export function dialectOf(path: string): Dialect | null {
  if (FOREIGN.test(path)) return null
  if (/\.d\.[mc]?ts$/i.test(path)) return 'dts'
  if (/\.[mc]?ts$/i.test(path)) return 'ts'
  if (/\.tsx$/i.test(path)) return 'tsx'
  if (/\.(?:[mc]?js|jsx)$/i.test(path)) return 'js'
  if (/\.(?:vue|svelte)$/i.test(path)) return 'sfc'
  return /\.pyi?$/i.test(path) ? 'py' : null
}

/** Longest signature, in UTF-16 units. */
const MAX_SIGNATURE = 400

export function signatureOf(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_SIGNATURE)
}

/** 16 hexadecimal digits. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 16)
}

/** Of what has nothing, or could not be read: only the same text is the same then. */
export function noFacts(text: string, incomplete: boolean): Facts {
  return { symbols: [], imports: [], entryPoints: [], moduleUses: [], module: unreadModule(text), incomplete }
}

export function unreadModule(text: string): ModuleFacts {
  return lazyModule(() => {
    const digest = digestOf(text)
    return { digest, loadOrder: [], textDigest: digest }
  })
}

export function lazyModule(read: () => ModuleFacts): ModuleFacts {
  let found: ModuleFacts | null = null
  const known = (): ModuleFacts => (found ??= read())
  return {
    get digest() {
      return known().digest
    },
    get loadOrder() {
      return known().loadOrder
    },
    get textDigest() {
      return known().textDigest
    },
  }
}
