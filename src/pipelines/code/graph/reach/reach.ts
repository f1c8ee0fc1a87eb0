import { throwIfAborted } from '../../../../kernel/tenon-error.ts'
import type { Affected } from '../../../../contract/impact.ts'
import { fileKey, type FileKey, type UseEdge } from './use-edge.ts'
import {
  addFresh,
  affectedNames,
  arrive,
  importsMet,
  knows,
  newState,
  stateKey,
  stepsOver,
  wayOf,
  type Arrival,
  type Begin,
  type Fresh,
  type State,
  type Step,
} from './reach-states.ts'

export interface ReachStart extends FileKey {
  /** Exported names that are affected; `*` for all. */
  readonly names: ReadonlySet<string>
  /** They are types: nothing changes when the code runs. */
  readonly typeOnly?: boolean
}

export interface ReachOptions {
  /** A file may be in it twice, with what runs and with types. */
  readonly start: readonly ReachStart[]
  /** All imports of the given files. Called once a round, with each file once in all. */
  readonly edgesInto: (files: readonly FileKey[]) => Promise<readonly UseEdge[]>
  /** Imports between a file and the change at most, which is rounds; there may be one more to see whether there is more. */
  readonly depth: number
  /** Files found at most. */
  readonly maxFiles: number
  readonly signal: AbortSignal
}

export interface Reached extends FileKey {
  readonly distance: number
  readonly via: Affected['via']
  readonly kind: Affected['kind']
  readonly typeOnly: boolean
  readonly confidence: Affected['confidence']
  /** What of it is affected and can be imported by others, in order; `*` alone for all. */
  readonly symbols: readonly string[]
  readonly test: boolean
  /** The shortest way on which code runs: from this file to a changed one, both included. null for types alone. */
  readonly runtimeWay: readonly FileKey[] | null
}

export interface Reach {
  /** Nearest first, then as found; without the files that it started from. */
  readonly files: readonly Reached[]
  /** There is more: farther away, or beyond the number of files. */
  readonly cut: 'depth' | 'files' | null
}

/**
 * Follows the names that a change affects from file to file, against imports, until nothing new is affected. A file in
 * which the change is felt under no exported name is a dependent too, but the change ends there.
 *
 * @throws TenonError `timeout` or `cancelled` when the signal aborts; whatever `edgesInto` throws.
 */
export async function reach(options: ReachOptions): Promise<Reach> {
  const states = new Map<string, State>()
  const edges = new Map<string, readonly UseEdge[]>()
  for (let grown = begin(options.start, states), distance = 1; grown.length > 0; distance++) {
    throwIfAborted(options.signal)
    await load(grown, edges, options)
    const steps = grown.map(({ state, fresh }) => ({ fresh, edges: edges.get(stateKey(state)) ?? [] }))
    if (distance > options.depth) return { files: found(states), cut: isMore(steps, states) ? 'depth' : null }
    const round = follow(steps, { states, distance, maxFiles: options.maxFiles })
    if (round.full) return { files: found(states), cut: 'files' }
    grown = takeFresh(round.grown)
  }
  return { files: found(states), cut: null }
}

/** A file with the names to follow from it. */
interface Grown {
  readonly state: State
  readonly fresh: readonly Fresh[]
}

interface Following {
  readonly fresh: readonly Fresh[]
  readonly edges: readonly UseEdge[]
}

function begin(start: readonly ReachStart[], states: Map<string, State>): readonly Grown[] {
  for (const { repository, path, names, typeOnly = false } of start) {
    const file = { repository, path }
    const state = stateOf(states, { file, isStart: true, test: false })
    for (const name of names) {
      const arrival = { file, distance: 0, edge: null, from: null, named: true }
      addFresh(state, { name, typeOnly, arrival })
    }
  }
  return takeFresh(new Set(states.values()))
}

function stateOf(states: Map<string, State>, begun: Begin): State {
  const key = fileKey(begun.file)
  const state = states.get(key) ?? newState(begun)
  states.set(key, state)
  return state
}

/** What is added from now on belongs to the next round. */
function takeFresh(states: ReadonlySet<State>): readonly Grown[] {
  return [...states].flatMap((state) => {
    const { fresh } = state
    state.fresh = []
    return fresh.length === 0 ? [] : { state, fresh }
  })
}

async function load(
  grown: readonly Grown[],
  edges: Map<string, readonly UseEdge[]>,
  { edgesInto }: ReachOptions,
): Promise<void> {
  const files = grown.filter(({ state }) => !edges.has(stateKey(state))).map(({ state }) => state.file)
  if (files.length === 0) return
  for (const file of files) edges.set(fileKey(file), [])
  const loaded = await edgesInto(files)
  const byTarget = Map.groupBy(loaded, ({ dstRepository, dst }) => fileKey({ repository: dstRepository, path: dst }))
  for (const [key, group] of byTarget) if (edges.has(key)) edges.set(key, group.toSorted(compareEdges))
}

/** In an order of their own, so that an answer does not depend on how they were stored; what runs first. */
function compareEdges(a: UseEdge, b: UseEdge): number {
  if (a.typeOnly !== b.typeOnly) return a.typeOnly ? 1 : -1
  if (a.repository !== b.repository) return a.repository < b.repository ? -1 : 1
  if (a.src !== b.src) return a.src < b.src ? -1 : 1
  return a.line - b.line
}

interface Round {
  readonly states: Map<string, State>
  readonly distance: number
  readonly maxFiles: number
}

function follow(
  following: readonly Following[],
  { states, distance, maxFiles }: Round,
): { grown: ReadonlySet<State>; full: boolean } {
  const grown = new Set<State>()
  let count = [...states.values()].filter((state) => !state.isStart).length
  let full = false
  for (const { fresh, edges } of following)
    for (const edge of edges) {
      const steps = stepsOver(edge, fresh)
      const isNew = !states.has(sourceKey(edge))
      if (steps.length === 0) continue
      if (isNew && count >= maxFiles) {
        full = true
        continue
      }
      if (isNew) count++
      const state = stateOf(states, { file: sourceOf(edge), isStart: false, test: edge.test })
      for (const step of steps) if (take(state, step, { edge, distance })) grown.add(state)
    }
  return { grown, full }
}

function take(state: State, step: Step, { edge, distance }: { edge: UseEdge; distance: number }): boolean {
  const arrival: Arrival = { file: state.file, distance, edge, from: step.from, named: step.named }
  arrive(state, arrival, step.typeOnly)
  // All are added: `some` would stop at the first.
  return step.names.filter((name) => addFresh(state, { name, typeOnly: step.typeOnly, arrival })).length > 0
}

/** Whether one more round would find a file, or more of one. */
function isMore(following: readonly Following[], states: ReadonlyMap<string, State>): boolean {
  return following.some(({ fresh, edges }) =>
    edges.some((edge) => {
      const state = states.get(sourceKey(edge))
      return stepsOver(edge, fresh).some(
        ({ names, typeOnly }) => state === undefined || names.some((name) => !knows(state, { name, typeOnly })),
      )
    }),
  )
}

function sourceOf({ repository, src }: UseEdge): FileKey {
  return { repository, path: src }
}

function sourceKey(edge: UseEdge): string {
  return fileKey(sourceOf(edge))
}

function found(states: ReadonlyMap<string, State>): readonly Reached[] {
  return [...states.values()]
    .flatMap((state) => {
      const edge = state.first?.edge
      if (state.isStart || state.first === null || !edge) return []
      return {
        ...state.file,
        distance: state.first.distance,
        via: viaOf(edge, states),
        kind: edge.kind,
        typeOnly: state.firstRuntime === null,
        confidence: state.confidence,
        symbols: affectedNames(state),
        test: state.test,
        runtimeWay: state.firstRuntime === null ? null : wayOf(state.firstRuntime),
      }
    })
    .toSorted((a, b) => a.distance - b.distance)
}

/** With those of the imported names that are affected. */
function viaOf(edge: UseEdge, states: ReadonlyMap<string, State>): Affected['via'] {
  const file = { repository: edge.dstRepository, path: edge.dst }
  const state = states.get(fileKey(file))
  const affected = state === undefined ? ['*'] : affectedNames(state)
  const names = new Set(affected.flatMap((name) => importsMet(edge, name).map(([imported]) => imported)))
  return { ...file, line: edge.line, specifier: edge.specifier, names: [...names].toSorted() }
}
