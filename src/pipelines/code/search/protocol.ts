import type { Comparison } from '../impact/comparison.ts'
import type { LineMatch } from './page.ts'
import type { Place } from './find.ts'
import type { Query } from './query.ts'

/** What a search thread is told, and what it answers. */
export type Task =
  | {
      readonly kind: 'load'
      readonly parts: readonly {
        readonly what: 'snapshot' | 'shard'
        readonly key: string
        readonly checksum: string
      }[]
    }
  | {
      readonly kind: 'search'
      readonly query: Query
      /** As `packScopes` makes it. */
      readonly scopes: string
      readonly from: Position | null
      readonly limit: number
      readonly budgetMs: number
    }
  | { readonly kind: 'file'; readonly scope: ScopeRef; readonly path: string }
  | { readonly kind: 'texts'; readonly scope: ScopeRef; readonly paths: readonly string[] }
  | { readonly kind: 'compare'; readonly scope: ScopeRef; readonly files: readonly Comparison[] }

export interface ScopeRef {
  readonly id: string
  readonly name: string
  /** Key of the snapshot. */
  readonly snapshot: string
}

/** Where a page begins: in which window, and how far that was shown. */
export interface Position {
  /** Where the window begins; null for the first one. */
  readonly from: Place | null
  /** Where it ends, so that it is the same when it is looked through again; null at the end of everything. */
  readonly to: Place | null
  /** Matches of the windows before. */
  readonly counted: number
  /** Matches of this window that were shown; zero when it was not looked through yet. */
  readonly shown: number
}

export interface SearchPage {
  readonly matches: LineMatch[]
  readonly total: number
  readonly truncated: boolean
  readonly next: Position | null
}

export interface FileText {
  readonly text: string
  /** It was not UTF-8. */
  readonly transcoded: boolean
  readonly masked: number
}

export interface Request {
  readonly id: number
  readonly task: Task
  /** Loaded parts that the thread does not have yet, and those that it shall forget. */
  readonly keep: readonly {
    readonly what: 'snapshot' | 'shard'
    readonly key: string
    readonly shared: SharedArrayBuffer
  }[]
  readonly forget: readonly string[]
}

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly failure: Failure }

export type Failure =
  | { readonly kind: 'damaged'; readonly key: string; readonly reason: string }
  | { readonly kind: 'query'; readonly field: 'q' | 'path'; readonly message: string }
  | { readonly kind: 'error'; readonly message: string; readonly stack: string }

/** Many of them reach a thread sooner as one text: a line each, with tabs between. Neither ids, names nor keys have any. */
export function packScopes(scopes: readonly ScopeRef[]): string {
  return scopes.map(({ id, name, snapshot }) => `${id}\t${name}\t${snapshot}`).join('\n')
}

export function unpackScopes(text: string): ScopeRef[] {
  if (text === '') return []
  return text.split('\n').map((line) => {
    const [id = '', name = '', snapshot = ''] = line.split('\t')
    return { id, name, snapshot }
  })
}
