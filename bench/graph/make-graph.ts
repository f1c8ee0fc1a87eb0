import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { dialectOf, type ImportFact, type ImportKind } from '../../src/pipelines/code/graph/facts.ts'
import { createResolver } from '../../src/pipelines/code/graph/resolve/create-resolver.ts'
import type { UnresolvedReason } from '../../src/pipelines/code/graph/resolve/resolver.ts'
import type { Texts } from './extract-thread.ts'

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
  readonly threads: number
  /** Parsing all texts: imports, and symbols and entry points too, which the product finds in the same walk. */
  readonly extractMs: number
  /** Reading the configuration, and resolving all imports. */
  readonly resolveMs: number
}

/** As many as the product has for the same work. */
const THREADS = Math.min(availableParallelism(), 4)
/** Texts that a thread is given at once. */
const BATCH = 100

/** The graph of texts that are in memory: parsed in threads, which are started for it, and resolved in this one. */
export async function makeGraph(texts: ReadonlyMap<string, string>): Promise<Graph> {
  const began = performance.now()
  const facts = await extractAll(texts)
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
  return { imports, threads: THREADS, extractMs: extracted - began, resolveMs: performance.now() - extracted }
}

async function extractAll(texts: ReadonlyMap<string, string>): Promise<Map<string, readonly ImportFact[]>> {
  const code = [...texts].filter(([path]) => dialectOf(path) !== null)
  const batches: Texts[] = []
  for (let at = 0; at < code.length; at += BATCH) batches.push(code.slice(at, at + BATCH))
  const found = new Map<string, readonly ImportFact[]>()
  const work = async (): Promise<void> => {
    const thread = new Worker(new URL('extract-thread.ts', import.meta.url), { resourceLimits: { stackSizeMb: 64 } })
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      thread.postMessage(batch)
      const [facts] = (await once(thread, 'message')) as [string]
      for (const [path, imports] of JSON.parse(facts) as [string, ImportFact[]][]) found.set(path, imports)
    }
    await thread.terminate()
  }
  await Promise.all(Array.from({ length: THREADS }, work))
  // In the order of the texts, whichever thread was first.
  return new Map(code.flatMap(([path]) => (found.has(path) ? [[path, found.get(path) ?? []]] : [])))
}
