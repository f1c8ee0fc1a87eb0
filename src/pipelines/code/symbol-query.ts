import type { InputOf } from '../../contract/operation.ts'
import type { searchCode, SearchMatch } from '../../contract/search.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { foldedName } from './graph/folded-name.ts'
import { selectSymbols } from './graph/walk.sql.ts'
import type { Query } from './search/query.ts'

type Input = InputOf<typeof searchCode>
type SymbolRow = { repository: string; name: string; path: string; line: number; symbol: string; kind: string }

/** Definitions that one search knows of. */
const MAX_DEFINITIONS = 2_000

/**
 * What the engine has to find, and which of the lines define a symbol: parsers have found these, and the rows of the
 * indexed commits name them.
 *
 * @throws TenonError `validation_failed` when there is nothing to find.
 */
export async function queryOf(ctx: Ctx, input: Input, repositories: readonly string[] | null) {
  const { text, symbol } = wanted(input)
  const { mode, language, path } = input
  const caseSensitive = input.case === 'sensitive'
  const name = symbol ?? (mode === 'literal' && isName(text) ? text : undefined)
  const { rows, isCut } =
    name === undefined ? { rows: [], isCut: false } : await symbolsOf(ctx, { name, caseSensitive, repositories })
  const places = Map.groupBy(rows, (row) => `${row.repository} ${row.path}`)
  const definitions = [...places.values()].flatMap((group) => {
    const [first] = group
    return first === undefined
      ? []
      : [{ repository: first.repository, path: first.path, lines: group.map(({ line }) => line) }]
  })
  const definitionsOnly = symbol !== undefined
  const query: Query = { text, mode, language, path, caseSensitive, definitions, definitionsOnly }
  return { query, definitions: { mark: marker(rows), isCut: definitionsOnly && isCut } }
}

/** `symbol:NAME` at the beginning of what is looked for means the field of that name. */
function wanted({ q, symbol: given, mode }: Input): { text: string; symbol: string | undefined } {
  const [, named, rest = ''] = (mode === 'literal' && /^symbol:([^\s*]+\*?)(?:\s+(.*))?$/.exec(q ?? '')) || []
  if (named !== undefined && given !== undefined) throw invalid('Give the symbol once')
  const symbol = given ?? named
  const text = named === undefined ? (q ?? '') : rest.trim()
  if (text !== '') return { text, symbol }
  if (symbol === undefined) throw invalid('Give a text, a symbol, or both')
  // The line that defines a symbol has its name.
  const last = symbol.replace(/\*$/, '').split('.').at(-1) ?? ''
  if (last === '') throw invalid('Give at least the beginning of a name')
  return { text: last, symbol }
}

function invalid(message: string): TenonError {
  return new TenonError('validation_failed', { details: { issues: [{ path: 'query.q', message }] } })
}

function isName(text: string): boolean {
  return /^[\p{L}_$][\p{L}\p{N}_$.]*$/u.test(text)
}

async function symbolsOf(
  { sql, orgId }: Ctx,
  {
    name,
    caseSensitive,
    repositories,
  }: { name: string; caseSensitive: boolean; repositories: readonly string[] | null },
): Promise<{ rows: SymbolRow[]; isCut: boolean }> {
  const isPrefix = name.endsWith('*')
  const full = isPrefix ? name.slice(0, -1) : name
  const folded = foldedName(full)
  const rows = await sql.run(selectSymbols, {
    org: orgId(),
    repositories,
    from: folded,
    to: isPrefix ? `${folded}\u{10FFFF}` : folded,
    // The database folds no other letters.
    whole: full.includes('.') && /^[\x20-\x7E]*$/.test(full) ? full.toLowerCase() : null,
    isPrefix,
    limit: MAX_DEFINITIONS,
  })
  const fold = (text: string): string => (caseSensitive ? text : text.toLowerCase())
  const asked = fold(full)
  const found = rows.filter(({ symbol }) => {
    const whole = fold(symbol)
    const last = whole.slice(whole.lastIndexOf('.') + 1)
    const candidates = asked.includes('.') ? [whole] : [last]
    return candidates.some((one) => (isPrefix ? one.startsWith(asked) : one === asked))
  })
  return { rows: found, isCut: rows.length === MAX_DEFINITIONS }
}

function marker(rows: readonly SymbolRow[]): (match: SearchMatch) => SearchMatch {
  const byLine = new Map(rows.map((row) => [`${row.name} ${row.line} ${row.path}`, row]))
  return (match) => {
    const row = byLine.get(`${match.repository} ${match.line} ${match.path}`)
    if (row === undefined) return match
    return { ...match, symbol: { name: row.symbol, kind: row.kind as NonNullable<SearchMatch['symbol']>['kind'] } }
  }
}
