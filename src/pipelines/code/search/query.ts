/** Lines of a file that define a symbol. */
export interface Definitions {
  readonly repository: string
  readonly path: string
  /** From 1. */
  readonly lines: readonly number[]
}

/** What to find in the lines of files. */
export interface Query {
  readonly text: string
  readonly mode: 'literal' | 'regex'
  readonly caseSensitive: boolean
  readonly language?: string | undefined
  /** A glob; with `!` before it, what does not match. */
  readonly path?: string | undefined
  /** Lines that come first. */
  readonly definitions?: readonly Definitions[] | undefined
  /** Nothing else is looked for. */
  readonly definitionsOnly?: boolean | undefined
}

/** A query that can't be answered as it is; the message is for the one who wrote it. */
export class QueryError extends Error {
  readonly field: 'q' | 'path'

  constructor(field: 'q' | 'path', message: string) {
    super(message)
    this.name = 'QueryError'
    this.field = field
  }
}

/** Half open, in UTF-16 units. */
export interface Range {
  readonly start: number
  readonly end: number
}
