import type { Facts, ImportFact, ModuleFacts } from '../graph/facts.ts'
import { changedSymbols, topLevelOf, type SymbolChange } from './changed-symbols.ts'
import { localGraph } from '../graph/reach/local-graph.ts'

/** A file before or after a change. */
export interface Version {
  readonly facts: Facts
}

export interface FileChange {
  readonly symbols: readonly SymbolChange[]
  /** Names by which others can import what is affected; `*` for all. Of both versions, as importers may know either. */
  readonly names: ReadonlySet<string>
  /** Those that are affected by changes of types alone, so that nothing changes when the code runs. */
  readonly typeNames: ReadonlySet<string>
}

const ALL: ReadonlySet<string> = new Set(['*'])
const TYPES: ReadonlySet<string> = new Set(['interface', 'type'])

/**
 * Names under which others import what is affected in a file, given the local names (of top-level symbols and imports)
 * that have changed.
 */
export function touchedExports(
  facts: Facts,
  changed: ReadonlySet<string>,
  moduleChanged: boolean,
): ReadonlySet<string> {
  if (moduleChanged) return ALL
  const graph = localGraph(facts)
  return new Set(graph.exportsOf(graph.feltBy(changed)))
}

/** What a change of a file touches; null is a file that is not there. */
export function changeOfFile(before: Version | null, after: Version | null): FileChange {
  const symbols = changedSymbols(before?.facts ?? null, after?.facts ?? null)
  if (before === null || after === null) return { symbols, names: ALL, typeNames: new Set() }
  const versions = [before.facts, after.facts]
  const bindings = changedBindings(before.facts, after.facts)
  const runs = runtimeNames(versions)
  const isRun = ({ name }: SymbolChange): boolean => runs.has(name.split('.', 1)[0] ?? name)
  const touch = (local: Iterable<string>, whole: boolean): readonly string[] =>
    versions.flatMap((facts) => [...touchedExports(facts, new Set(local), whole)])
  const run = topLevelOf(symbols.filter(isRun))
  const moduleChanged = bindings.effects || isModuleChanged(before.facts.module, after.facts.module)
  const isTold = moduleChanged || symbols.length > 0 || bindings.locals.size > 0 || bindings.exports.size > 0
  const isMissed = !isTold && before.facts.module.textDigest !== after.facts.module.textDigest
  const names = touch([...run, ...bindings.locals], moduleChanged || isMissed)
  const types = touch(topLevelOf(symbols.filter((symbol) => !isRun(symbol))), false)
  return { symbols, names: withAll([...names, ...bindings.exports]), typeNames: withAll(types) }
}

/** Whether what runs when a module is loaded differs, or in which order; what comes or goes is told otherwise. */
function isModuleChanged(before: ModuleFacts, after: ModuleFacts): boolean {
  if (before.digest !== after.digest) return true
  const order = (one: ModuleFacts, other: ModuleFacts): string => {
    const known = new Set(other.loadOrder)
    return one.loadOrder.filter((name) => known.has(name)).join('\n')
  }
  return order(before, after) !== order(after, before)
}

/** Top-level symbols that are more than a type, before or after. */
function runtimeNames(versions: readonly Facts[]): ReadonlySet<string> {
  const symbols = versions.flatMap((facts) => facts.symbols)
  return new Set(symbols.filter((symbol) => !TYPES.has(symbol.kind)).map((symbol) => symbol.name))
}

function withAll(names: readonly string[]): ReadonlySet<string> {
  return names.includes('*') ? ALL : new Set(names)
}

interface Bindings {
  /** Local names that stand for something else than before. */
  readonly locals: ReadonlySet<string>
  /** The same of names that are exported without a local one. */
  readonly exports: ReadonlySet<string>
  /** Whether imports for effects alone differ. */
  readonly effects: boolean
}

function changedBindings(before: Facts, after: Facts): Bindings {
  const [old, now] = [bindingsOf(before), bindingsOf(after)]
  return {
    locals: differing(old.locals, now.locals),
    exports: differing(old.exports, now.exports),
    effects: old.effects !== now.effects,
  }
}

function bindingsOf(facts: Facts): { locals: Map<string, string>; exports: Map<string, string>; effects: string } {
  const locals = new Map<string, string>()
  const exports = new Map<string, string>()
  const note = (names: Map<string, string>, name: string, source: string): void => {
    names.set(name, `${names.get(name) ?? ''}${source}\n`)
  }
  for (const found of facts.imports)
    for (const { imported, local, exportedAs } of found.names) {
      const source = JSON.stringify([found.specifier, imported, found.kind, found.typeOnly])
      if (local !== null) note(locals, local, source)
      if (exportedAs !== null) note(exports, exportedAs, source)
    }
  const effects = facts.imports.filter(isForEffects).map((found) => `${found.kind} ${found.specifier}`)
  return { locals, exports, effects: effects.toSorted().join('\n') }
}

function isForEffects(found: ImportFact): boolean {
  return found.names.length === 0
}

function differing(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): ReadonlySet<string> {
  return new Set([...before.keys(), ...after.keys()].filter((name) => before.get(name) !== after.get(name)))
}
