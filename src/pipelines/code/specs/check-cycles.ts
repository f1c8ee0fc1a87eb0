import { cyclesOf } from '../graph/cycles.ts'
import type { Checking } from './checking.ts'
import type { PlannedImport } from './planned-imports.ts'
import type { Evidence } from './report.ts'

/** Files whose imports are followed. */
const MAX_FILES = 50_000
/** Cycles that are looked for. */
const MAX_CYCLES = 100

interface Edge {
  readonly to: string
  readonly line: number | null
  readonly specifier: string
  readonly isPlanned: boolean
}

type Graph = Map<string, Edge[]>

/** Planned imports that close a circle. Imports of types alone are gone when the code runs, and are left out. */
export async function checkCycles(checking: Checking, imports: readonly PlannedImport[]): Promise<void> {
  const { report } = checking
  const planned = imports.flatMap(({ from, specifier, path }) =>
    path === null ? [] : [{ from, to: path, line: null, specifier, isPlanned: true }],
  )
  planned.sort((a, b) => (a.from === b.from ? (a.to < b.to ? -1 : 1) : a.from < b.from ? -1 : 1))
  if (planned.length === 0) return
  report.check('import_cycle')
  const graph = await graphBehind(checking, planned)
  const circles = cyclesOf(new Map([...graph].map(([path, edges]) => [path, edges.map(({ to }) => to)])))
  const told = new Set<string>()
  let looked = 0
  for (const edge of planned) {
    const isCircle =
      edge.from === edge.to || (circles.has(edge.from) && circles.get(edge.from) === circles.get(edge.to))
    const isNew = !graph.get(edge.from)?.some(({ to, isPlanned }) => to === edge.to && !isPlanned)
    if (!isCircle || !isNew) continue
    if (looked++ === MAX_CYCLES) {
      report.ignore({
        path: null,
        reason: 'limit_reached',
        detail: `More than ${MAX_CYCLES} planned imports close cycles.`,
      })
      return
    }
    const way = edge.from === edge.to ? [] : wayBetween(graph, edge.to, edge.from)
    if (way === null) continue
    const key = [edge.to, ...way.map(({ to }) => to)].toSorted().join('\0')
    if (told.has(key)) continue
    told.add(key)
    reportCycle(checking, edge, way)
  }
}

function reportCycle(
  { report }: Checking,
  { from, to, specifier }: { from: string; to: string; specifier: string },
  way: readonly (Edge & { from: string })[],
): void {
  const evidence: Evidence[] = [
    { path: from, line: null, text: `Is to import '${specifier}' (\`${to}\`)` },
    ...way.map((edge) => ({
      path: edge.from,
      line: edge.line,
      text: `${edge.isPlanned ? 'Is to import' : 'Imports'} '${edge.specifier}' (\`${edge.to}\`)`,
    })),
  ]
  const size = evidence.length
  report.find({
    rule: 'import_cycle',
    severity: 'warning',
    path: from,
    message:
      size === 1
        ? `\`${from}\` is to import itself.`
        : `The import of \`${to}\` in \`${from}\` closes a cycle of ${size} files.`,
    evidence,
    fix:
      size === 1
        ? `Take '${specifier}' out of the imports of \`${from}\`.`
        : `Move what \`${from}\` needs from \`${to}\` to a file that neither of them imports back, import it as types alone, or drop the import in \`${way.at(-1)?.from ?? to}\`.`,
  })
}

/** The planned imports, and those of the commit that can be reached by them. */
async function graphBehind(
  { plan, index, report }: Checking,
  planned: readonly (Edge & { from: string })[],
): Promise<Graph> {
  const graph: Graph = new Map()
  const add = (from: string, edge: Edge): void => {
    const edges = graph.get(from)
    if (edges === undefined) graph.set(from, [edge])
    else edges.push(edge)
  }
  for (const { from, ...edge } of planned) add(from, edge)
  const seen = new Set<string>()
  let at = [...new Set(planned.flatMap(({ from, to }) => [from, to]))]
  while (at.length > 0) {
    for (const path of at) seen.add(path)
    const next = new Set<string>()
    for (const { path, target, line, specifier, typeOnly, kind } of await index.importsOf(at)) {
      if (typeOnly || kind === 'reference' || kind === 'mock' || plan.deleted.has(target)) continue
      add(path, { to: target, line, specifier, isPlanned: false })
      if (!seen.has(target)) next.add(target)
    }
    if (seen.size + next.size > MAX_FILES) {
      report.ignore({
        path: null,
        reason: 'limit_reached',
        detail: `Cycles of more than ${MAX_FILES} files were not looked for.`,
      })
      return graph
    }
    at = [...next].toSorted()
  }
  return graph
}

/** The shortest. */
function wayBetween(graph: Graph, start: string, end: string): readonly (Edge & { from: string })[] | null {
  const came = new Map<string, Edge & { from: string }>()
  const seen = new Set([start])
  let at = [start]
  while (at.length > 0 && !seen.has(end)) {
    const next: string[] = []
    for (const from of at)
      for (const edge of (graph.get(from) ?? []).toSorted((a, b) => (a.to < b.to ? -1 : 1)))
        if (!seen.has(edge.to)) {
          seen.add(edge.to)
          came.set(edge.to, { ...edge, from })
          next.push(edge.to)
        }
    at = next
  }
  if (!seen.has(end)) return null
  const way: (Edge & { from: string })[] = []
  for (let path = end; path !== start;) {
    const edge = came.get(path)
    if (edge === undefined) return null
    way.unshift(edge)
    path = edge.from
  }
  return way
}
