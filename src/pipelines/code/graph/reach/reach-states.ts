import type { Affected } from '../../../../contract/impact.ts'
import { fileKey, type FileKey, type UseEdge } from './use-edge.ts'

/** What is known of one file while a change is followed. */
export interface State {
  readonly file: FileKey
  /** It was changed itself. */
  readonly isStart: boolean
  readonly test: boolean
  /** Affected names, when the code runs. */
  readonly runtime: Set<string>
  /** Those that are affected in types alone. */
  readonly types: Set<string>
  /** What has been added and was not followed yet. */
  fresh: Fresh[]
  first: Arrival | null
  firstRuntime: Arrival | null
  confidence: Affected['confidence']
}

/** A name that has become affected. */
export interface Fresh {
  readonly name: string
  readonly typeOnly: boolean
  readonly arrival: Arrival
}

/** How a change came to a file. */
export interface Arrival {
  readonly file: FileKey
  readonly distance: number
  /** null with `from` in a file that was changed. */
  readonly edge: UseEdge | null
  readonly from: Arrival | null
  /** By name all the way. */
  readonly named: boolean
}

/** What one affected name does over one edge. */
export interface Step {
  /** Exported names of the importing file. */
  readonly names: readonly string[]
  readonly typeOnly: boolean
  readonly named: boolean
  readonly from: Arrival
}

const ALL_OF_BOTH: UseEdge['uses'] = { '*': ['*'] }

/** A name is met by an import of it and by one of the whole module; the whole module is met by all. */
export function importsMet(edge: UseEdge, name: string): readonly (readonly [string, readonly string[]])[] {
  const uses = usesOf(edge)
  if (name === '*') return Object.entries(uses)
  return [name, '*'].flatMap((imported) => {
    const names = Object.hasOwn(uses, imported) ? uses[imported] : undefined
    return names === undefined ? [] : [[imported, names] as const]
  })
}

export function usesOf({ uses }: UseEdge): UseEdge['uses'] {
  for (const name in uses) if (Object.hasOwn(uses, name)) return uses
  return ALL_OF_BOTH
}

export function stepsOver(edge: UseEdge, fresh: readonly Fresh[]): readonly Step[] {
  return fresh.flatMap(({ name, typeOnly, arrival }) =>
    importsMet(edge, name).flatMap(([imported, names]) => {
      const through = edge.kind === 're-export' && imported === '*' && names.includes('*')
      // `export *` leaves the default export out.
      if (through && name === 'default') return []
      return {
        names: through ? [name, ...names.filter((one) => one !== '*')] : names,
        typeOnly: typeOnly || edge.typeOnly,
        named: arrival.named && name !== '*' && (through || imported !== '*'),
        from: arrival,
      }
    }),
  )
}

export interface Begin {
  readonly file: FileKey
  readonly isStart: boolean
  readonly test: boolean
}

export function newState(begin: Begin): State {
  return {
    ...begin,
    runtime: new Set(),
    types: new Set(),
    fresh: [],
    first: null,
    firstRuntime: null,
    confidence: 'low',
  }
}

export function knows({ runtime, types }: State, { name, typeOnly }: { name: string; typeOnly: boolean }): boolean {
  if (runtime.has('*') || runtime.has(name)) return true
  return typeOnly && (types.has('*') || types.has(name))
}

/** Whether the state has grown. */
export function addFresh(state: State, fresh: Fresh): boolean {
  if (knows(state, fresh)) return false
  const names = fresh.typeOnly ? state.types : state.runtime
  names.add(fresh.name)
  state.fresh.push(fresh)
  return true
}

export function arrive(state: State, arrival: Arrival, typeOnly: boolean): void {
  if (arrival.named && state.confidence !== 'high') state.confidence = arrival.distance === 1 ? 'high' : 'medium'
  if (!typeOnly && state.firstRuntime === null) {
    state.firstRuntime = arrival
    // Of two ways as short, the one that runs is shown.
    if (state.first?.distance === arrival.distance) state.first = arrival
  }
  state.first ??= arrival
}

export function affectedNames({ runtime, types }: State): readonly string[] {
  if (runtime.has('*') || types.has('*')) return ['*']
  return [...new Set([...runtime, ...types])].toSorted()
}

export function wayOf(arrival: Arrival): readonly FileKey[] {
  const way: FileKey[] = []
  for (let at: Arrival | null = arrival; at !== null; at = at.from) way.push(at.file)
  return way
}

export function stateKey(state: State): string {
  return fileKey(state.file)
}
