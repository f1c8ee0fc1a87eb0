import { createHash } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { CodeDeps } from '../deps.ts'
import { readingBlobs } from '../git/read-mirror.ts'
import type { MirrorRequest } from '../git/mirror.ts'
import type { TreeFile } from '../git/tree.ts'
import { cyclesOf } from '../graph/cycles.ts'
import type { KeptImport } from '../graph/fact-rows.ts'
import { dialectOf } from '../graph/facts.ts'
import { selectImports, type EdgeRow } from '../graph/graph.sql.ts'
import { createResolver } from '../graph/resolve/create-resolver.ts'
import type { LoadTexts, PublicModule, Resolver } from '../graph/resolve/resolver.ts'
import type { IndexCtx } from './shapes.ts'

/** The graph of a commit: what its imports lead to, by importing file. */
export interface CommitGraph {
  readonly edges: ReadonlyMap<string, readonly EdgeRow[]>
  readonly modules: readonly PublicModule[]
  /** First path of the circle of each file that is in one. */
  readonly cycles: ReadonlyMap<string, string>
  readonly unresolved: number
}

/** Blobs whose imports are read at once. */
const PAGE = 500
/** Larger configuration files are none. */
const MAX_CONFIG_BYTES = 1_000_000
/** Circles are made by what runs when a module is loaded. */
const LOADS = new Set(['import', 're-export', 'require'])

/** Resolves the imports of all files of a commit. What was found in their blobs does not depend on the commit; this does. */
export async function graphOf(
  deps: CodeDeps,
  ctx: IndexCtx,
  { tree, request }: { tree: readonly TreeFile[]; request: MirrorRequest },
): Promise<CommitGraph> {
  const bySha = new Map<string, TreeFile[]>()
  for (const file of tree) {
    if (dialectOf(file.path) === null) continue
    const same = bySha.get(file.sha)
    if (same === undefined) bySha.set(file.sha, [file])
    else same.push(file)
  }
  const resolver = await createResolver({ files: tree.map(({ path }) => path), load: loader(deps, tree, request) })
  const edges = new Map<string, EdgeRow[]>()
  const shas = [...bySha.keys()]
  for (let at = 0; at < shas.length; at += PAGE) {
    ctx.signal.throwIfAborted()
    const key = { org: ctx.org, repository: ctx.input.repository, shas: shas.slice(at, at + PAGE) }
    const page = await ctx.inTenant((tenant) => tenant.run(selectImports, key))
    for (const { sha, dialect, imports } of page) {
      const kept = JSON.parse(imports) as KeptImport[]
      for (const { path } of bySha.get(sha) ?? [])
        if (dialectOf(path) === dialect) edges.set(path, edgesOf(path, kept, resolver))
    }
    // The process may answer calls beside this.
    await nextTurn()
  }
  const all = [...edges.values()].flat()
  const paths = new Set(tree.map(({ path }) => path))
  return {
    edges,
    modules: resolver.publicModules().filter(({ path }) => paths.has(path)),
    cycles: cyclesOf(loadsOf(edges)),
    unresolved: all.filter(({ reason }) => reason === 'not_found' || reason === 'undeclared').length,
  }
}

/** Texts of the commit's configuration files. */
function loader(deps: CodeDeps, tree: readonly TreeFile[], request: MirrorRequest): LoadTexts {
  const byPath = new Map(tree.map((file) => [file.path, file]))
  return async (paths) => {
    const wanted = paths.flatMap((path) => {
      const file = byPath.get(path)
      return file === undefined || file.sizeBytes > MAX_CONFIG_BYTES ? [] : [file]
    })
    const shas = [...new Set(wanted.map(({ sha }) => sha))]
    const texts = new Map<string, string>()
    if (shas.length > 0)
      for await (const { sha, content } of readingBlobs(deps.git, request, shas))
        texts.set(sha, content.toString('utf8'))
    return new Map(wanted.map(({ path, sha }) => [path, texts.get(sha) ?? '']))
  }
}

function edgesOf(path: string, imports: readonly KeptImport[], resolver: Resolver): EdgeRow[] {
  const rows: EdgeRow[] = []
  for (const found of imports) {
    for (const { path: dst, reason, module, names, submodule } of resolver.resolve(path, found)) {
      const { kind, typeOnly, line, specifier } = found
      const uses =
        submodule === undefined
          ? Object.entries(found.uses).filter(([name]) => names.length === 0 || names.includes(name))
          : [['*', found.uses[submodule] ?? []] as const]
      const hasUses = uses.length > 0 && (dst !== null || module !== null)
      rows.push({
        n: rows.length,
        dst,
        reason,
        kind,
        typeOnly,
        line,
        specifier,
        names,
        uses: hasUses ? JSON.stringify(Object.fromEntries(uses)) : null,
        module,
      })
    }
  }
  return rows
}

function loadsOf(edges: ReadonlyMap<string, readonly EdgeRow[]>): Map<string, string[]> {
  const loads = new Map<string, string[]>()
  for (const [path, rows] of edges) {
    const targets = rows.flatMap(({ dst, kind, typeOnly }) =>
      dst !== null && dst !== path && !typeOnly && LOADS.has(kind) ? [dst] : [],
    )
    loads.set(path, targets)
  }
  return loads
}

/** Of the edges that begin at a file: 16 hexadecimal digits. */
export function edgesDigest(rows: readonly EdgeRow[]): string {
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)
}
