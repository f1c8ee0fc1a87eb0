import { analyzeImpact, type Affected, type Impact } from '../../../contract/impact.ts'
import type { Unknown } from '../../../contract/graph.ts'
import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import type { InputOf } from '../../../contract/operation.ts'
import type { Sql } from '../../../kernel/statement.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import type { CodeDeps } from '../deps.ts'
import { onOneCommit, type OpenGraph } from '../graph/open-graph.ts'
import * as sql from '../graph/walk.sql.ts'
import { projectScope } from '../projects/index.ts'
import type { Rebuild } from '../rebuild.ts'
import { classOf, isRunnableTest } from '../snapshot/class-of.ts'
import { areasOf } from './areas.ts'
import { changeOf, type Change, type ChangeOptions } from './changes.ts'
import { edgesInto } from '../graph/reach/edges-into.ts'
import { fitTokens, IMPACT_LISTS } from '../graph/fit-tokens.ts'
import { fileKey, type UseEdge } from '../graph/reach/use-edge.ts'
import { nextSteps } from './next-steps.ts'
import { rankDependents } from './rank.ts'
import { reach, type Reached } from '../graph/reach/reach.ts'
import { reasonOf } from './reason.ts'
import { assessRisk, type Findings } from './risk.ts'
import { touchedEntries, type Felt } from './touched-entries.ts'
import { usersOfSymbols } from './users-of-symbol.ts'

type Input = InputOf<typeof analyzeImpact>

/** Files that one change is followed to at most. */
const MAX_FILES = 20_000
const MAX_CYCLES = 50
const SHOWN_PATHS = 50

/** A diff is parsed and commits are fetched, so that there is no one transaction around it; it changes nothing. */
export function analyzeImpactVerb(deps: CodeDeps, rebuild: Rebuild): BoundVerb {
  return implement(analyzeImpact, async (ctx, input) => {
    const org = ctx.orgId()
    const tenant = deps.tenant(org).read
    const scope = input.project === undefined ? null : await projectScope(tenant, org, input.project)
    const { signal } = ctx
    const key = { org, key: input.repository }
    const answer = await onOneCommit(tenant, key, (graph) =>
      impactOf({ deps, rebuild, org, graph, signal }, { input, scope }),
    )
    return fitTokens(answer, input.maxTokens, IMPACT_LISTS)
  })
}

async function impactOf(
  options: ChangeOptions,
  { input, scope }: { input: Input; scope: readonly string[] | null },
): Promise<Impact> {
  const { deps, org, graph, signal } = options
  if (!graph.isBuilt) return unknownImpact(graph)
  const tenant = deps.tenant(org).read
  const change = await changeOf(input, options)
  const imports: UseEdge[] = []
  const load = edgesInto(tenant, org, scope)
  const { files, cut } = await reach({
    start: change.start,
    edgesInto: async (wanted) => {
      const edges = await load(wanted)
      for (const edge of edges) imports.push(edge)
      return edges
    },
    depth: input.depth,
    maxFiles: MAX_FILES,
    signal,
  })
  return present(tenant, { org, graph, input, change, files, imports, cut })
}

interface Result {
  readonly org: OrgId
  readonly graph: OpenGraph
  readonly input: Input
  readonly change: Change
  readonly files: readonly Reached[]
  /** Imports of what was changed, and of what that is felt in. */
  readonly imports: readonly UseEdge[]
  readonly cut: 'depth' | 'files' | null
}

async function present(tenant: Sql, result: Result): Promise<Impact> {
  const { org, graph, input, change, files, cut } = result
  const changedPaths = [...new Set(change.files.flatMap(({ path, previousPath }) => [path, previousPath ?? path]))]
  const nameOf = await repositoryNames(tenant, org, [graph.id, ...files.map(({ repository }) => repository)])
  const entries = (
    await touchedEntries(tenant, {
      org,
      repositories: [...new Set([graph.id, ...files.map(({ repository }) => repository as RepositoryId)])],
      felt: feltFiles(result, nameOf),
    })
  ).map((entry) => ({ ...entry, repository: nameOf(entry.repository) }))
  const [fanIn, cycles, graphUnknown] = await Promise.all([
    fanInOf(tenant, org, [...change.start, ...files]),
    tenant.run(sql.selectCycles, {
      org,
      repository: graph.id,
      paths: changedPaths,
      limit: MAX_CYCLES,
      shown: SHOWN_PATHS,
    }),
    graph.unknownOf(changedPaths, true),
  ])
  const unknown: Unknown[] = [...change.unknown, ...distinct(graphUnknown, change.unknown)]
  if (cut === 'files')
    unknown.push({ path: null, reason: 'limit_reached', detail: `More than ${MAX_FILES} files are affected.` })
  const dependents = rankDependents(
    files.filter(({ test }) => input.includeTests || !test),
    fanIn,
  )
  const tests = testsOf(result, { nameOf, fanIn })
  const endpoints = entries.filter(({ kind }) => kind === 'endpoint')
  const jobs = entries.filter(({ kind }) => kind === 'job')
  const findings = findingsOf(result, { fanIn, tests, endpoints, jobs, cycles, unknown, nameOf })
  const shown = <T>(list: readonly T[]): T[] => list.slice(0, input.limit)
  const lists = [change.files, change.symbols, dependents, tests, endpoints, jobs]
  return {
    ...graph.about,
    changed: { files: shown(change.files), symbols: shown(change.symbols) },
    dependents: shown(dependents).map((one) => affectedOf(one, nameOf)),
    tests: shown(tests),
    endpoints: shown(endpoints),
    jobs: shown(jobs),
    cycles: cycles.map(({ paths, size }) => ({ repository: graph.about.repository, size, paths })),
    totals: {
      files: change.files.length,
      symbols: change.symbols.length,
      dependents: dependents.length,
      direct: dependents.filter(({ distance }) => distance === 1).length,
      tests: tests.length,
      endpoints: endpoints.length,
      jobs: jobs.length,
      cycles: cycles[0]?.total ?? 0,
    },
    truncated: cut !== null || lists.some((list) => list.length > input.limit),
    risk: assessRisk(findings),
    unknown,
    nextSteps: [...nextSteps(findings)],
  }
}

/** Nothing is known: neither whether there are dependents, nor how many. */
function unknownImpact({ about, unknown }: OpenGraph): Impact {
  const none = { files: 0, symbols: 0, dependents: 0, direct: 0, tests: 0, endpoints: 0, jobs: 0, cycles: 0 }
  return {
    ...about,
    changed: { files: [], symbols: [] },
    dependents: [],
    tests: [],
    endpoints: [],
    jobs: [],
    cycles: [],
    totals: none,
    truncated: false,
    risk: { level: 'unknown', factors: [] },
    unknown: [...unknown],
    nextSteps: [`Index ${about.repository}, then ask again`],
  }
}

type NameOf = (id: string) => string

async function repositoryNames(tenant: Sql, org: OrgId, ids: readonly string[]): Promise<NameOf> {
  const rows = await tenant.run(sql.selectNames, { org, repositories: [...new Set(ids)] })
  const names = new Map<string, string>(rows.map(({ id, name }) => [id, name]))
  return (id) => names.get(id) ?? id
}

/** By `fileKey`: how many files import each. */
async function fanInOf(
  tenant: Sql,
  org: OrgId,
  files: readonly { repository: string; path: string }[],
): Promise<ReadonlyMap<string, number>> {
  const fanIn = new Map<string, number>()
  for (const [id, group] of Map.groupBy(files, ({ repository }) => repository)) {
    const repository = id as RepositoryId
    const paths = [...new Set(group.map(({ path }) => path))]
    for (const { path, importers } of await tenant.run(sql.selectFanIn, { org, repository, paths }))
      fanIn.set(fileKey({ repository, path }), importers)
  }
  return fanIn
}

/** What the changed files are known for by the diff comes first. */
function distinct(more: readonly Unknown[], known: readonly Unknown[]): Unknown[] {
  const told = new Set(known.map(({ path, reason }) => `${path ?? ''} ${reason}`))
  return more.filter(({ path, reason }) => reason === 'imports_unresolved' || !told.has(`${path ?? ''} ${reason}`))
}

function affectedOf(reached: Reached, nameOf: NameOf): Affected {
  const { repository, path, distance, via, kind, typeOnly, confidence, symbols } = reached
  return {
    repository: nameOf(repository),
    path,
    distance,
    via: { ...via, repository: nameOf(via.repository) },
    kind: repository === via.repository ? kind : 'package',
    typeOnly,
    confidence,
    symbols: [...symbols],
  }
}

/**
 * Where the change is felt: in the files that were changed, in those that run it, and in those that are given what runs it
 * and know it by its type.
 */
function feltFiles({ change, files }: Result, nameOf: NameOf): Felt[] {
  const starts = change.start.filter(({ typeOnly, names }) => typeOnly !== true && names.size > 0)
  const own = starts.map(({ repository, path, names }) => ({
    repository,
    path,
    names,
    distance: 0,
    reason: 'It stands in a changed file',
  }))
  if (starts.length === 0) return []
  const others = files.map(({ repository, path, symbols, distance, runtimeWay, via }) => ({
    repository,
    path,
    names: new Set(symbols),
    distance: runtimeWay === null ? distance : runtimeWay.length - 1,
    reason: runtimeWay === null ? `${path} knows it by the types of ${via.path}` : wayText(runtimeWay, nameOf),
  }))
  return [...own, ...others]
}

function wayText(way: NonNullable<Reached['runtimeWay']>, nameOf: NameOf): string {
  return reasonOf(way.map(({ repository, path }) => ({ repository: nameOf(repository), path })))
}

/** Tests that run what was changed, and those that were changed themselves. */
function testsOf(
  { graph, change, files }: Result,
  { nameOf, fanIn }: Pick<Around, 'nameOf' | 'fanIn'>,
): Impact['tests'] {
  const isRun = (file: { repository: string; path: string }): boolean =>
    isRunnableTest(file.path, (fanIn.get(fileKey(file)) ?? 0) > 0)
  const own = change.files
    .filter(({ path, change: kind }) => kind !== 'deleted' && isRun({ repository: graph.id, path }))
    .map(({ path }) => ({ repository: graph.about.repository, path, distance: 0, reason: 'It was changed itself' }))
  const known = new Set(own.map(({ path }) => path))
  const others = files.flatMap(({ repository, path, test, runtimeWay }) =>
    !test || runtimeWay === null || !isRun({ repository, path }) || (repository === graph.id && known.has(path))
      ? []
      : [
          {
            repository: nameOf(repository),
            path,
            distance: runtimeWay.length - 1,
            reason: wayText(runtimeWay, nameOf),
          },
        ],
  )
  return [...own, ...others].toSorted((a, b) => a.distance - b.distance || (a.path < b.path ? -1 : 1))
}

interface Around {
  readonly fanIn: ReadonlyMap<string, number>
  readonly tests: Impact['tests']
  readonly endpoints: Impact['endpoints']
  readonly jobs: Impact['jobs']
  readonly cycles: readonly { readonly paths: readonly string[] }[]
  readonly unknown: readonly Unknown[]
  readonly nameOf: NameOf
}

function findingsOf({ graph, change, files, imports }: Result, around: Around): Findings {
  const { repository, indexedCommit } = graph.about
  const usersOf = usersOfSymbols(imports)
  const isOther = (id: string): boolean => id !== graph.id
  const feltNames = namesByPath(change.start)
  const feltPaths = new Set(change.start.filter(({ names }) => names.size > 0).map(({ path }) => path))
  const entry = ({ method, name, title }: Impact['endpoints'][number]): string =>
    title ?? [method, name].filter((part) => part !== null).join(' ')
  return {
    repository,
    indexedCommit,
    files: change.files.map(({ path, change: kind, language }) => ({
      path,
      change: kind,
      language,
      test: classOf(path) === 'test',
      felt: feltPaths.has(path),
      fanIn: around.fanIn.get(fileKey({ repository: graph.id, path })) ?? 0,
    })),
    symbols: change.symbols.map((symbol) => ({
      ...symbol,
      // Nothing else is told of the users of other changes.
      users:
        symbol.exported && (symbol.change === 'removed' || symbol.change === 'signature')
          ? usersOf({ repository: graph.id, path: symbol.path }, exportedName(symbol, feltNames.get(symbol.path)))
          : [],
    })),
    dependents: {
      total: files.length,
      direct: files.filter(({ distance }) => distance === 1).length,
      areas: areasOf(
        files.filter(({ repository: id, test }) => !isOther(id) && !test).map(({ path }) => path),
        change.files.map(({ path }) => path),
      ),
      repositories: [...new Set(files.map(({ repository: id }) => id).filter(isOther))].map(around.nameOf),
    },
    tests: around.tests.map(({ repository: name, path }) => (name === repository ? path : `${name}: ${path}`)),
    endpoints: around.endpoints.map(entry),
    jobs: around.jobs.map(entry),
    cycles: around.cycles.map(({ paths }) => paths),
    unknown: around.unknown,
  }
}

function namesByPath(starts: Change['start']): ReadonlyMap<string, ReadonlySet<string>> {
  const byPath = new Map<string, Set<string>>()
  for (const { path, names } of starts) {
    const known = byPath.get(path)
    if (known === undefined) byPath.set(path, new Set(names))
    else for (const name of names) known.add(name)
  }
  return byPath
}

/** Its own name, unless what is felt of its file is the default export and nothing of that name. */
function exportedName({ name }: { name: string }, names: ReadonlySet<string> = new Set()): string {
  const [owner = name] = name.split('.')
  return names.has('default') && !names.has(owner) && !names.has('*') ? 'default' : owner
}
