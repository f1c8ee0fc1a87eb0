import type { ChangedSymbol } from '../../../contract/impact.ts'
import type { Facts, SymbolFact } from '../graph/facts.ts'

/** A symbol that differs between two texts of a file. */
export type SymbolChange = Omit<ChangedSymbol, 'path' | 'change'> & {
  readonly change: 'added' | 'removed' | 'signature' | 'body'
}

/** The whole of such a definition is what its users rely on. */
const ALL_SIGNATURE: ReadonlySet<string> = new Set(['interface', 'type', 'enum'])

/**
 * Symbols that differ, by name; null is a file that is not there. Of a class and the like, members are listed: the class
 * itself only when it is added or removed (then without its members), when its own signature or exports differ, or when
 * its text differs and that of no member does.
 */
export function changedSymbols(before: Facts | null, after: Facts | null): readonly SymbolChange[] {
  const [old, now] = [groupsOf(before), groupsOf(after)]
  const changes: SymbolChange[] = []
  for (const name of new Set([...now.keys(), ...old.keys()])) {
    const owner = ownerOf(name)
    if (owner !== name && old.has(owner) !== now.has(owner)) continue
    const change = compare({ name, before: old.get(name), after: now.get(name) })
    if (change === null) continue
    const exports = [...(old.get(owner)?.exportedAs ?? []), ...(now.get(owner)?.exportedAs ?? [])]
    changes.push({ ...change, exported: exports.length > 0 })
  }
  const ofMembers = new Set(changes.filter(({ name }) => ownerOf(name) !== name).map(({ name }) => ownerOf(name)))
  return changes
    .filter((change) => !(ofMembers.has(change.name) && isByTextAlone(change)))
    .toSorted((a, b) => (a.line ?? 0) - (b.line ?? 0))
}

/** Top-level symbols that the changes are in. */
export function topLevelOf(changes: readonly SymbolChange[]): ReadonlySet<string> {
  return new Set(changes.map((change) => ownerOf(change.name)))
}

/** `Class.member` belongs to `Class`. */
function ownerOf(name: string): string {
  const dot = name.indexOf('.')
  return dot <= 0 ? name : name.slice(0, dot)
}

/** All definitions of one name: overloads, merged declarations, a getter with its setter. */
interface Group {
  readonly kind: string
  readonly kinds: string
  readonly line: number
  readonly exportedAs: readonly string[]
  readonly signature: string
  readonly digest: string
}

function groupsOf(facts: Facts | null): ReadonlyMap<string, Group> {
  const groups = Map.groupBy(facts?.symbols ?? [], (symbol) => symbol.name)
  return new Map([...groups].map(([name, symbols]) => [name, groupOf(symbols)]))
}

function groupOf(symbols: readonly SymbolFact[]): Group {
  const [first] = symbols
  return {
    kind: first?.kind ?? '',
    kinds: symbols.map((symbol) => symbol.kind).join(' '),
    line: first?.line ?? 0,
    exportedAs: [...new Set(symbols.flatMap((symbol) => symbol.exportedAs))].toSorted(),
    signature: symbols.map((symbol) => symbol.signature).join('; '),
    digest: symbols.map((symbol) => symbol.digest).join(' '),
  }
}

interface Compared {
  readonly name: string
  readonly before: Group | undefined
  readonly after: Group | undefined
}

function compare({ name, before, after }: Compared): Omit<SymbolChange, 'exported'> | null {
  if (before === undefined)
    return after === undefined ? null : { ...shown(name, after), change: 'added', before: null, after: after.signature }
  if (after === undefined) return { ...shown(name, before), change: 'removed', before: before.signature, after: null }
  const signatures = { before: before.signature, after: after.signature }
  const relied = (group: Group): string => JSON.stringify([group.kinds, group.exportedAs, group.signature])
  if (relied(before) !== relied(after)) return { ...shown(name, after), change: 'signature', ...signatures }
  if (before.digest === after.digest) return null
  const change = ALL_SIGNATURE.has(after.kind) ? 'signature' : 'body'
  return { ...shown(name, after), change, before: null, after: null }
}

function isByTextAlone({ before, after }: SymbolChange): boolean {
  return before === null && after === null
}

function shown(name: string, { kind, line }: Group): Pick<SymbolChange, 'name' | 'kind' | 'line'> {
  return { name, kind, line }
}
