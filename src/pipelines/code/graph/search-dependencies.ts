import { searchDependencies, type Dependencies, type DependencyNode, type Unknown } from '../../../contract/graph.ts'
import type { InputOf } from '../../../contract/operation.ts'
import type { Ctx } from '../../../kernel/ctx.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import { languageOf } from '../language.ts'
import { projectScope } from '../projects/index.ts'
import { classOf } from '../snapshot/class-of.ts'
import type { Drawer } from './drawer.ts'
import { DEPENDENCIES_LISTS, fitTokens } from './fit-tokens.ts'
import { usersOf } from './reach/symbol-users.ts'
import { definitionsOf, MAX_DEFINITIONS, type NamedSymbol } from './reach/targets.ts'
import type { Rebuild } from '../rebuild.ts'
import type { IndexReader } from '../search/index-reader.ts'
import { onOneCommit, type OpenGraph } from './open-graph.ts'
import { walk, type FileRef, type Reached } from './walk.ts'
import * as sql from './walk.sql.ts'

type Input = InputOf<typeof searchDependencies>
type Target = Dependencies['targets'][number]

/** Files that one walk reaches at most. */
const MAX_FILES = 50_000
const MAX_CYCLES = 50
const SHOWN_PATHS = 50
const MAX_UNRESOLVED = 200
const MAX_EXTERNALS = 200

interface Deps {
  readonly drawer: Drawer
  readonly reader: IndexReader
  readonly rebuild: Rebuild
}

export function searchDependenciesVerb(deps: Deps): BoundVerb {
  return implement(searchDependencies, async (ctx, input) => {
    const key = { org: ctx.orgId(), key: input.repository }
    const answer = await onOneCommit(ctx.sql, key, (graph) => dependenciesOf(ctx, { graph, input }, deps))
    if (input.format !== 'json') return deps.drawer.draw(answer, input.format, ctx.signal)
    return fitTokens(answer, input.maxTokens, DEPENDENCIES_LISTS)
  })
}

async function dependenciesOf(
  ctx: Ctx,
  { graph, input }: { graph: OpenGraph; input: Input },
  deps: Deps,
): Promise<Dependencies> {
  if ((input.path ?? input.symbol) === undefined)
    throw new TenonError('validation_failed', {
      details: { issues: [{ path: 'query.path', message: 'Give a path, a symbol, or both' }] },
    })
  const org = ctx.orgId()
  const inProject = input.project === undefined ? null : await projectScope(ctx.sql, org, input.project)
  if (!graph.isBuilt) return nothing(graph, graph.unknown)
  const symbols = await symbolsOf(ctx, graph, input)
  const repository = graph.about.repository
  const targets: Target[] = symbols?.map(({ path, name, line }) => ({ repository, path, symbol: name, line })) ?? [
    { repository, path: input.path ?? '', symbol: null, line: null },
  ]
  const start = [...new Set(targets.map(({ path }) => path))].map((path) => ({ repository: graph.id, path }))
  const found = await Promise.all(
    directionsOf(input).map((direction) => {
      const request = { ...input, start, direction, scope: inProject, symbols }
      return symbols !== null && direction === 'dependent'
        ? users(ctx, graph, { ...request, symbols }, deps)
        : reachable(ctx, request)
    }),
  )
  const named = await namer(
    ctx,
    graph,
    found.flatMap(({ nodes: some }) => some),
  )
  const all = found
    .flatMap(({ nodes: some }) => some.map(named))
    .toSorted((a, b) => a.distance - b.distance || order(a.path, b.path))
  const nodes = all.slice(0, input.limit)
  const around = await surroundings(ctx, graph, { start, nodes, input })
  return {
    ...graph.about,
    targets,
    nodes,
    totals: {
      dependents: all.filter(({ direction }) => direction === 'dependent').length,
      dependencies: all.filter(({ direction }) => direction === 'dependency').length,
      cycles: around.totals.cycles,
      unresolved: around.totals.unresolved,
    },
    truncated: nodes.length < all.length || found.some(({ isCut }) => isCut) || symbols?.length === MAX_DEFINITIONS,
    cycles: around.cycles,
    unresolved: around.unresolved,
    externals: around.externals,
    unknown: around.unknown,
  }
}

function directionsOf({ direction }: Input): ('dependent' | 'dependency')[] {
  switch (direction) {
    case 'dependents':
      return ['dependent']
    case 'dependencies':
      return ['dependency']
    case 'both':
      return ['dependent', 'dependency']
  }
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function nothing({ about }: OpenGraph, unknown: readonly Unknown[]): Dependencies {
  return {
    ...about,
    targets: [],
    nodes: [],
    totals: { dependents: 0, dependencies: 0, cycles: 0, unresolved: 0 },
    truncated: false,
    cycles: [],
    unresolved: [],
    externals: [],
    unknown: [...unknown],
  }
}

/** null when a whole file is asked about. @throws TenonError `path_not_found`, `symbol_not_found` */
async function symbolsOf(ctx: Ctx, graph: OpenGraph, { path, symbol }: Input): Promise<NamedSymbol[] | null> {
  const commit = graph.about.indexedCommit
  if (path !== undefined && (await graph.filesAt([path])).length === 0)
    throw new TenonError('path_not_found', { details: { path, commit } })
  if (symbol === undefined) return null
  const key = { org: ctx.orgId(), repository: graph.id }
  const found = await definitionsOf(ctx.sql, key, { name: symbol, path })
  if (found.length === 0) throw new TenonError('symbol_not_found', { details: { symbol, commit } })
  return found
}

interface Wanted extends Pick<Input, 'depth' | 'typeOnly' | 'includeTests'> {
  readonly start: readonly FileRef[]
  readonly direction: DependencyNode['direction']
  readonly scope: readonly string[] | null
}

/** Nodes with ids in place of the names of repositories. */
interface Found {
  readonly nodes: readonly DependencyNode[]
  readonly isCut: boolean
}

async function reachable({ sql: tenant, orgId }: Ctx, wanted: Wanted): Promise<Found> {
  const { direction, includeTests } = wanted
  const follow = ({ path }: FileRef): boolean => includeTests || classOf(path) !== 'test'
  const { reached, isComplete } = await walk(tenant, orgId(), { ...wanted, follow, maxFiles: MAX_FILES })
  return { nodes: reached.map((one) => nodeOf(one, direction)), isCut: !isComplete }
}

/** Of a symbol, only those who use it by name. */
async function users(
  { sql: tenant, orgId, signal }: Ctx,
  { id }: OpenGraph,
  { depth, typeOnly, includeTests, scope, symbols }: Wanted & { symbols: readonly NamedSymbol[] },
  deps: Deps,
): Promise<Found> {
  const request = { org: orgId(), repository: id, symbols, scope, depth, maxFiles: MAX_FILES, signal }
  const { files, cut } = await usersOf(tenant, request, deps)
  const nodes = files
    .filter((file) => (typeOnly || !file.typeOnly) && (includeTests || !file.test))
    .map(({ repository, path, distance, test, kind, typeOnly: isType, via }) => ({
      repository,
      path,
      direction: 'dependent' as const,
      distance,
      language: languageOf(path),
      test,
      kind: repository === via.repository ? kind : ('package' as const),
      typeOnly: isType,
      via,
    }))
  return { nodes, isCut: cut !== null }
}

function nodeOf({ repository, path, distance, typeOnly, edge }: Reached, direction: DependencyNode['direction']) {
  const [otherRepository, other] =
    direction === 'dependent' ? [edge.dstRepository, edge.dst] : [edge.srcRepository, edge.src]
  const { line, specifier, names } = edge
  return {
    repository,
    path,
    direction,
    distance,
    language: languageOf(path),
    test: classOf(path) === 'test',
    kind: edge.srcRepository === edge.dstRepository ? (edge.kind as DependencyNode['kind']) : ('package' as const),
    typeOnly,
    via: { path: other, repository: otherRepository, line, specifier: specifier ?? '', names: [...names] },
  }
}

/** Puts the names of repositories in place of their ids. */
async function namer(ctx: Ctx, graph: OpenGraph, nodes: readonly DependencyNode[]) {
  const others = new Set(nodes.flatMap(({ repository, via }) => [repository, via.repository]))
  others.delete(graph.id)
  const names = new Map<string, string>([[graph.id, graph.about.repository]])
  if (others.size > 0) {
    const rows = await ctx.sql.run(sql.selectNames, { org: ctx.orgId(), repositories: [...others] })
    for (const { id, name } of rows) names.set(id, name)
  }
  const nameOf = (id: string): string => names.get(id) ?? id
  return (node: DependencyNode): DependencyNode => ({
    ...node,
    repository: nameOf(node.repository),
    via: { ...node.via, repository: nameOf(node.via.repository) },
  })
}

/** What else has to be known to rely on the answer. */
async function surroundings(
  { sql: tenant, orgId }: Ctx,
  graph: OpenGraph,
  { start, nodes, input }: { start: readonly FileRef[]; nodes: readonly DependencyNode[]; input: Input },
) {
  const key = { org: orgId(), repository: graph.id }
  const targets = start.map(({ path }) => path)
  const own = nodes.filter(({ repository }) => repository === graph.about.repository).map(({ path }) => path)
  const paths = [...new Set([...targets, ...own])]
  const [cycles, unresolved, externals, unknown] = await Promise.all([
    tenant.run(sql.selectCycles, { ...key, paths, limit: MAX_CYCLES, shown: SHOWN_PATHS }),
    tenant.run(sql.selectUnresolved, { ...key, paths, limit: MAX_UNRESOLVED }),
    tenant.run(sql.selectExternals, { ...key, paths: targets, limit: MAX_EXTERNALS }),
    graph.unknownOf(targets, input.direction !== 'dependencies'),
  ])
  return {
    cycles: cycles.map(({ paths: shown, size }) => ({ repository: graph.about.repository, size, paths: shown })),
    unresolved: unresolved.map(({ path, line, specifier, reason }) => ({ path, line, specifier, reason })),
    externals,
    unknown,
    totals: { cycles: cycles[0]?.total ?? 0, unresolved: unresolved[0]?.total ?? 0 },
  }
}
