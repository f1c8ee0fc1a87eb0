import type { EntryPointFact, SymbolFact } from '../graph/facts.ts'

/**
 * Entry points of a file on which a change can be felt, given the exported names of the file that are affected. What
 * stands in a symbol that is not exported, or in none, is in doubt and so taken for touched, unless the names say that
 * the change stays inside other symbols.
 */
export function touchedEntryPoints<E extends Pick<EntryPointFact, 'symbol'>>(
  file: { readonly entryPoints: readonly E[]; readonly symbols: readonly Pick<SymbolFact, 'name' | 'exportedAs'>[] },
  names: ReadonlySet<string>,
): readonly E[] {
  if (names.size === 0 || names.has('*')) return file.entryPoints
  const exportedAs = new Map(file.symbols.map((symbol) => [symbol.name, symbol.exportedAs]))
  return file.entryPoints.filter(({ symbol }) => {
    const exports = symbol === null ? undefined : exportedAs.get(symbol)
    if (symbol === null) return false
    return exports === undefined || exports.length === 0 || exports.some((name) => names.has(name))
  })
}
