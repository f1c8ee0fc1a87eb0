import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import * as sql from './walk.sql.ts'
import type { Edge } from './walk.sql.ts'

export interface FileRef {
  readonly repository: RepositoryId
  readonly path: string
}

export type Direction = 'dependent' | 'dependency'

export interface Reached extends FileRef {
  /** Imports between it and where the walk began. */
  readonly distance: number
  /** Somewhere on the way is an import of types alone. */
  readonly typeOnly: boolean
  /** The import by which it was reached first. */
  readonly edge: Edge
}

export interface Walk {
  readonly start: readonly FileRef[]
  readonly direction: Direction
  readonly depth: number
  /** Whether imports of types alone are followed. */
  readonly typeOnly: boolean
  /** Repositories that may be crossed into, by the names of packages; null for none. */
  readonly scope: readonly string[] | null
  readonly follow: (file: FileRef) => boolean
  readonly maxFiles: number
}

/** Which of several imports between the same files is told: one that runs before one of types alone, and the first. */
const ORDER = ['import', 're-export', 'require', 'dynamic', 'url', 'reference', 'mock']

/**
 * Everything that can be reached, each file once with its shortest distance: level by level, so that the work grows with
 * the edges and not with the paths.
 */
export async function walk(
  tenant: Sql,
  org: OrgId,
  request: Walk,
): Promise<{ reached: Reached[]; isComplete: boolean }> {
  const { direction, depth, maxFiles } = request
  const seen = new Map<string, { typeOnly: boolean }>(request.start.map((file) => [keyOf(file), { typeOnly: false }]))
  const reached: Reached[] = []
  let frontier: readonly FileRef[] = request.start
  for (let distance = 1; frontier.length > 0 && distance <= depth + 1; distance++) {
    const level = new Map<string, Reached>()
    for (const edge of await neighbours(tenant, org, { ...request, files: frontier })) {
      if (edge.typeOnly && !request.typeOnly) continue
      const [file, from] = direction === 'dependent' ? endsOf(edge) : endsOf(edge).toReversed()
      if (file === undefined || from === undefined || seen.has(keyOf(file)) || !request.follow(file)) continue
      const typeOnly = edge.typeOnly || (seen.get(keyOf(from))?.typeOnly ?? false)
      const found = { ...file, distance, typeOnly, edge }
      const known = level.get(keyOf(file))
      if (known === undefined || compare(found, known) < 0) level.set(keyOf(file), found)
    }
    // The last level is only looked for.
    if (distance > depth) return { reached, isComplete: level.size === 0 }
    const next = [...level.values()].toSorted(byPlace)
    for (const file of next) seen.set(keyOf(file), file)
    reached.push(...next)
    if (reached.length > maxFiles) return { reached: reached.slice(0, maxFiles), isComplete: false }
    frontier = next
  }
  return { reached, isComplete: true }
}

export function keyOf({ repository, path }: FileRef): string {
  return `${repository} ${path}`
}

function endsOf({ srcRepository, src, dstRepository, dst }: Edge): FileRef[] {
  return [
    { repository: srcRepository, path: src },
    { repository: dstRepository, path: dst },
  ]
}

function compare(a: Reached, b: Reached): number {
  return (
    Number(a.typeOnly) - Number(b.typeOnly) ||
    ORDER.indexOf(a.edge.kind) - ORDER.indexOf(b.edge.kind) ||
    (a.edge.src < b.edge.src ? -1 : a.edge.src > b.edge.src ? 1 : a.edge.line - b.edge.line)
  )
}

function byPlace(a: FileRef, b: FileRef): number {
  const [one, other] = [keyOf(a), keyOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

async function neighbours(
  tenant: Sql,
  org: OrgId,
  { files, direction, scope }: Pick<Walk, 'direction' | 'scope'> & { files: readonly FileRef[] },
): Promise<Edge[]> {
  const found: Edge[] = []
  const into = direction === 'dependent'
  for (const [repository, group] of Map.groupBy(files, (file) => file.repository)) {
    const given = { org, repository, paths: group.map(({ path }) => path) }
    const own = await tenant.run(into ? sql.selectEdgesInto : sql.selectEdgesFrom, given)
    const crossing =
      scope === null
        ? []
        : await tenant.run(into ? sql.selectPackageEdgesInto : sql.selectPackageEdgesFrom, { ...given, scope })
    for (const edge of [...own, ...crossing]) found.push(edge)
  }
  return found
}
