import type { Facts, ImportedName, ImportFact } from '../facts.ts'
import { localGraph } from './local-graph.ts'

/** By name in the imported module, `*` for all of it: the exports of the importing file in which a change of it is felt. */
export type ImportUses = Readonly<Record<string, readonly string[]>>

const ALL: readonly string[] = ['*']
/** What is felt in more exports than that is kept as felt in all. */
const MAX_EXPORTS = 200

/**
 * For every import of a file, where a change of what it imports can be felt: `['*']` for all of the file, `[]` for nothing
 * that others can import. `export * from` has `{'*': ['*']}`, which passes names through as they are.
 */
export function usesOfImports(facts: Facts): ReadonlyMap<ImportFact, ImportUses> {
  const graph = localGraph(facts)
  const owners = facts.symbols.filter((symbol) => !symbol.name.includes('.'))
  const known = new Map<string, readonly string[]>()
  const exportsFeeling = (name: string): readonly string[] => {
    const before = known.get(name)
    if (before !== undefined) return before
    const exports = graph.exportsOf(graph.feltBy([name]))
    const found = exports.length > MAX_EXPORTS ? ALL : exports
    known.set(name, found)
    return found
  }
  const whereItStands = (line: number): readonly string[] => {
    const owner = owners.find((symbol) => symbol.startLine <= line && line <= symbol.endLine)
    return owner === undefined ? ALL : exportsFeeling(owner.name)
  }
  const usesOf = (found: ImportFact, { local, exportedAs }: ImportedName): readonly string[] => {
    if (exportedAs !== null && (local === null || exportedAs === '*')) return [exportedAs]
    return local === null || local === '*' ? whereItStands(found.line) : exportsFeeling(local)
  }
  return new Map(
    facts.imports.map((found) => {
      if (found.kind === 'mock') return [found, { '*': ALL }]
      if (found.names.length === 0) return [found, { '*': whereItStands(found.line) }]
      const uses = new Map<string, readonly string[]>()
      for (const name of found.names) uses.set(name.imported, union(uses.get(name.imported) ?? [], usesOf(found, name)))
      // Not by assignment, so that a name such as `__proto__` is one like any other.
      return [found, Object.fromEntries(uses)]
    }),
  )
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  if (a.length === 0) return b
  const names = new Set([...a, ...b])
  return names.has('*') ? ALL : [...names].toSorted()
}
