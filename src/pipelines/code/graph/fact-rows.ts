import { decodeBlob, isLfsPointer } from '../blob-text.ts'
import { extractFacts } from './extract/extract.ts'
import { FACTS_VERSION, noFacts, type Dialect, type Facts } from './facts.ts'
import { foldedName } from './folded-name.ts'
import { keptImports, type KeptImport } from './kept-imports.ts'

export type { KeptImport }

/** Rows of what was found in some blobs, as JSON texts for `jsonb_to_recordset`. */
export interface FactRows {
  readonly count: number
  /** What they were found in. */
  readonly parsed: readonly { readonly sha: string; readonly dialect: Dialect }[]
  readonly facts: string
  readonly symbols: string
  readonly entryPoints: string
}

/** Of one blob; what has more is generated, and what is left out of it makes it incomplete. */
const MAX_SYMBOLS = 20_000
const MAX_ENTRY_POINTS = 5_000
/** In UTF-16 units; the keys of an index have to fit into a page of the database. */
const MAX_NAME = 300
const MAX_ENTRY_NAME = 1_000

/** Collects what parsers find, blob by blob. Synchronous work, meant for a thread. */
export function factRowsOf(): {
  add(blob: { sha: string; dialect: Dialect; content: Uint8Array }): void
  take(): FactRows
} {
  const facts: object[] = []
  const symbols: object[] = []
  const entryPoints: object[] = []
  const parsed: FactRows['parsed'][number][] = []
  return {
    add: ({ sha, dialect, content }) => {
      parsed.push({ sha, dialect })
      const found = factsOf(content, dialect)
      const { imports, isCut } = keptImports(found)
      const isWhole = !isCut && found.symbols.length <= MAX_SYMBOLS && found.entryPoints.length <= MAX_ENTRY_POINTS
      const incomplete = found.incomplete || !isWhole || found.symbols.some(({ name }) => name.length > MAX_NAME)
      facts.push({ sha, dialect, version: FACTS_VERSION, incomplete, imports: storable(imports) })
      for (const [n, symbol] of found.symbols.slice(0, MAX_SYMBOLS).entries()) {
        if (symbol.name.length > MAX_NAME) continue
        const { name, kind, exportedAs, line, endLine } = symbol
        const folded = foldedName(name)
        symbols.push({ sha, dialect, n, name, folded, kind, exported: exportedAs, line, end: endLine })
      }
      for (const [n, entry] of found.entryPoints.slice(0, MAX_ENTRY_POINTS).entries())
        entryPoints.push({ sha, dialect, n, ...entry, name: entry.name.slice(0, MAX_ENTRY_NAME) })
    },
    take: () => ({
      count: facts.length,
      parsed,
      facts: storable(facts),
      symbols: storable(symbols),
      entryPoints: storable(entryPoints),
    }),
  }
}

const NOTHING: Facts = noFacts('', false)

/** What is no text has nothing, and that is kept too, so that it is not read again. */
function factsOf(content: Uint8Array, dialect: Dialect): Facts {
  const decoded = decodeBlob(content)
  if (decoded === null || isLfsPointer(content)) return NOTHING
  const { buffer, byteOffset, byteLength } = decoded.bytes
  return extractFacts(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'), dialect)
}

/** The database takes neither NUL nor halves of surrogate pairs. */
function storable(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed().replaceAll('\0', '\u{FFFD}') : part,
  )
}
