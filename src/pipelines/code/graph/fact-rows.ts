import { decodeBlob, isLfsPointer } from '../blob-text.ts'
import { extractFacts } from './extract/extract.ts'
import { FACTS_VERSION, type Dialect, type Facts, type ImportFact } from './facts.ts'
import { foldedName } from './folded-name.ts'
import { usesOfImports, type ImportUses } from './reach/uses-of-imports.ts'

/** Rows of what was found in some blobs, as JSON texts for `jsonb_to_recordset`. */
export interface FactRows {
  readonly count: number
  /** What they were found in. */
  readonly parsed: readonly { readonly sha: string; readonly dialect: Dialect }[]
  readonly facts: string
  readonly symbols: string
  readonly entryPoints: string
}

/** An import as it is kept: with what of the importing file is affected by it. */
export interface KeptImport extends ImportFact {
  readonly uses: ImportUses
}

/** Of one blob; what has more is generated, and its rest tells nothing new. */
const MAX_ROWS = 5_000
/** In UTF-16 units; the keys of an index have to fit into a page of the database. */
const MAX_NAME = 300
const MAX_SPECIFIER = 1_000

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
      const kept = importsOf(found)
      const { incomplete } = found
      facts.push({ sha, dialect, version: FACTS_VERSION, incomplete, imports: storable(kept) })
      for (const [n, symbol] of found.symbols.slice(0, MAX_ROWS).entries()) {
        if (symbol.name.length > MAX_NAME) continue
        const { name, kind, exportedAs, line, endLine } = symbol
        const folded = foldedName(name)
        symbols.push({ sha, dialect, n, name, folded, kind, exported: exportedAs, line, end: endLine })
      }
      for (const [n, entry] of found.entryPoints.slice(0, MAX_ROWS).entries())
        entryPoints.push({ sha, dialect, n, ...entry, name: entry.name.slice(0, MAX_SPECIFIER) })
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

const NOTHING: Facts = { symbols: [], imports: [], entryPoints: [], moduleUses: [], incomplete: false }

/** What is no text has nothing, and that is kept too, so that it is not read again. */
function factsOf(content: Uint8Array, dialect: Dialect): Facts {
  const decoded = decodeBlob(content)
  if (decoded === null || isLfsPointer(content)) return NOTHING
  const { buffer, byteOffset, byteLength } = decoded.bytes
  return extractFacts(Buffer.from(buffer, byteOffset, byteLength).toString('utf8'), dialect)
}

function importsOf(facts: Facts): KeptImport[] {
  const uses = usesOfImports(facts)
  return facts.imports.slice(0, MAX_ROWS).map((found) => ({
    ...found,
    specifier: found.specifier?.slice(0, MAX_SPECIFIER) ?? null,
    uses: uses.get(found) ?? {},
  }))
}

/** The database takes neither NUL nor halves of surrogate pairs. */
function storable(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed().replaceAll('\0', '\u{FFFD}') : part,
  )
}
