import type { Facts } from '../facts.ts'

/** How a change spreads inside one file, along what its top-level symbols use. */
export interface LocalGraph {
  /** The names and all top-level symbols that use them, directly or through others. */
  feltBy(names: Iterable<string>): ReadonlySet<string>
  /**
   * Names under which others can import what feels it; `*` alone for all of the module. Beside them those of interfaces
   * with methods that it names: who is given such a thing knows it by its type alone.
   */
  exportsOf(felt: ReadonlySet<string>): readonly string[]
}

const ALL: ReadonlySet<string> = new Set(['*'])
/** Steps in all for one file; beyond, everything counts as affected, so that no text takes long. */
const MAX_STEPS = 1_000_000

export function localGraph(facts: Facts): LocalGraph {
  const usedBy = new Map<string, string[]>()
  const exportedAs = new Map<string, Set<string>>()
  const symbols = new Set(facts.symbols.map((symbol) => symbol.name))
  for (const symbol of facts.symbols) {
    for (const name of symbol.uses) push(usedBy, name, symbol.name)
    for (const name of symbol.exportedAs) add(exportedAs, symbol.name, name)
  }
  let reexports = false
  for (const { local, exportedAs: name } of facts.imports.flatMap((found) => found.names)) {
    if (name === null) continue
    if (local === null) reexports = true
    else add(exportedAs, local, name)
  }
  const leaf = exportedAs.size === 0 && !reexports
  const isWhole = (felt: ReadonlySet<string>): boolean =>
    facts.moduleUses.some((name) => felt.has(name)) || (leaf && [...felt].some((name) => symbols.has(name)))
  const services = serviceTypes(facts)
  const offered = new Map(
    facts.symbols
      .filter(({ kind }) => kind !== 'interface' && kind !== 'type')
      .map(({ name, uses }) => [name, uses.filter((used) => services.has(used))] as const),
  )
  let steps = 0
  return {
    feltBy: (names) => {
      const felt = new Set(names)
      // What is added while it is gone through is gone through too.
      for (const name of felt) {
        const users = usedBy.get(name) ?? []
        steps += users.length
        if (steps > MAX_STEPS) return ALL
        for (const user of users) felt.add(user)
      }
      return felt
    },
    exportsOf: (felt) => {
      if (felt === ALL || isWhole(felt)) return ['*']
      const reached = new Set([...felt, ...[...felt].flatMap((name) => offered.get(name) ?? [])])
      const names = new Set([...reached].flatMap((name) => [...(exportedAs.get(name) ?? [])]))
      return names.has('*') ? ['*'] : [...names].toSorted()
    },
  }
}

/** Interfaces that something can be called by. */
function serviceTypes({ symbols }: Facts): ReadonlySet<string> {
  const interfaces = new Set(symbols.filter(({ kind }) => kind === 'interface').map(({ name }) => name))
  const owners = symbols.filter(({ kind }) => kind === 'method').map(({ name }) => name.slice(0, name.indexOf('.')))
  return new Set(owners.filter((owner) => interfaces.has(owner)))
}

function push(lists: Map<string, string[]>, key: string, value: string): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [value])
  else list.push(value)
}

function add(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key)
  if (set === undefined) sets.set(key, new Set([value]))
  else set.add(value)
}
