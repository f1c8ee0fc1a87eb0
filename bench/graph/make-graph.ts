import type { ImportKind } from '../../src/pipelines/code/graph/facts.ts'
import { dialectOf, type ImportFact } from '../../src/pipelines/code/graph/facts.ts'
import { extractFacts } from '../../src/pipelines/code/graph/extract/extract.ts'
import { createResolver } from '../../src/pipelines/code/graph/resolve/create-resolver.ts'
import type { UnresolvedReason } from '../../src/pipelines/code/graph/resolve/resolver.ts'

/** One import of a file; `dst` is null with a reason. */
export interface Found {
  readonly src: string
  readonly dst: string | null
  readonly reason: UnresolvedReason | null
  readonly specifier: string | null
  readonly kind: ImportKind
  readonly typeOnly: boolean
}

export interface Graph {
  readonly imports: readonly Found[]
  /** Parsing all texts: imports, and symbols and entry points too, which the product finds in the same walk. */
  readonly extractMs: number
  /** Reading the configuration, and resolving all imports. */
  readonly resolveMs: number
}

/** The graph of texts that are in memory, in this thread. */
export async function makeGraph(texts: ReadonlyMap<string, string>): Promise<Graph> {
  const began = performance.now()
  const facts = new Map<string, readonly ImportFact[]>()
  for (const [path, text] of texts) {
    const dialect = dialectOf(path)
    if (dialect !== null) facts.set(path, extractFacts(text, dialect).imports)
  }
  const extracted = performance.now()
  const resolver = await createResolver({
    files: texts.keys(),
    load: (paths) => Promise.resolve(new Map(paths.map((path) => [path, texts.get(path) ?? '']))),
  })
  const imports: Found[] = []
  for (const [src, all] of facts)
    for (const found of all)
      for (const { path: dst, reason } of resolver.resolve(src, found)) {
        const { specifier, kind, typeOnly } = found
        imports.push({ src, dst, reason, specifier, kind, typeOnly })
      }
  return { imports, extractMs: extracted - began, resolveMs: performance.now() - extracted }
}
