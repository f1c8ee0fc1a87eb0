import { createHash } from 'node:crypto'
import { cyclesOf } from '../graph/cycles.ts'
import type { KeptImport } from '../graph/fact-rows.ts'
import type { EdgeRow } from '../graph/graph.sql.ts'
import { implicitEdges } from '../graph/implicit-edges.ts'
import type { PublicModule, Resolver } from '../graph/resolve/resolver.ts'

/** A file with the imports that begin at it. */
export interface LinkedFile {
  readonly path: string
  readonly edges: readonly EdgeRow[]
  /** Of its edges: 16 hexadecimal digits. */
  readonly digest: string
  /** First path of the circle of imports that it is in. */
  readonly cycle: string | null
}

export interface Linked {
  readonly files: readonly LinkedFile[]
  readonly modules: readonly PublicModule[]
  readonly unresolved: number
}

/** Circles are made by what runs when a module is loaded. */
const LOADS = new Set(['import', 're-export', 'require'])

/** Resolves the imports of the files of a commit, each blob as it is added. Synchronous work, meant for a thread. */
export function linkFiles(paths: ReadonlySet<string>, resolver: Resolver, configTexts: ReadonlyMap<string, string>) {
  const edges = new Map<string, EdgeRow[]>()
  return {
    add: (path: string, imports: readonly KeptImport[]): void => {
      edges.set(path, edgesOf(path, imports, resolver))
    },
    finish: (): Linked => {
      for (const [path, more] of implicitEdges({ paths, edges, configTexts })) {
        const own = edges.get(path) ?? []
        edges.set(path, [...own, ...more.map((edge, i) => ({ ...edge, n: own.length + i }))])
      }
      const cycles = cyclesOf(loadsOf(edges))
      const all = [...edges.values()].flat()
      return {
        files: [...edges].map(([path, rows]) => ({
          path,
          edges: rows,
          digest: digestOf(rows),
          cycle: cycles.get(path) ?? null,
        })),
        modules: resolver.publicModules().filter(({ path }) => paths.has(path)),
        unresolved: all.filter(({ reason }) => reason === 'not_found' || reason === 'undeclared').length,
      }
    },
  }
}

function edgesOf(path: string, imports: readonly KeptImport[], resolver: Resolver): EdgeRow[] {
  const rows: EdgeRow[] = []
  for (const found of imports) {
    for (const { path: dst, reason, module, names, submodule } of resolver.resolve(path, found)) {
      const { kind, typeOnly, line, specifier } = found
      const wanted = new Set(names)
      const uses =
        submodule === undefined
          ? Object.entries(found.uses).filter(([name]) => names.length === 0 || wanted.has(name))
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

function digestOf(rows: readonly EdgeRow[]): string {
  return createHash('sha256').update(JSON.stringify(rows)).digest('hex').slice(0, 16)
}
