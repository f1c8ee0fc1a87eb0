import { readdirSync, readFileSync } from 'node:fs'
import { extractFacts } from '../../src/pipelines/code/graph/extract/extract.ts'
import { dialectOf, IMPORT_KINDS, type ImportKind } from '../../src/pipelines/code/graph/facts.ts'
import { createResolver } from '../../src/pipelines/code/graph/resolve/create-resolver.ts'
import { parseTruth, parseTxtar, TRUTH, type Truth, type TruthEdge, type TruthUnresolved } from './txtar.ts'

const FIXTURES = new URL('../fixtures/graph/', import.meta.url)

/** A small repository with its imports as people have written them down. */
export interface GraphFixture {
  readonly name: string
  /** Without the truth. */
  readonly files: ReadonlyMap<string, string>
  readonly truth: Truth
}

export function readGraphFixtures(): readonly GraphFixture[] {
  const names = readdirSync(FIXTURES).filter((name) => name.endsWith('.txtar'))
  return names.toSorted().map((name) => {
    const files = parseTxtar(readFileSync(new URL(name, FIXTURES), 'utf8'))
    const truth = files.get(TRUTH)
    if (truth === undefined) throw new Error(`${name} has no ${TRUTH}`)
    files.delete(TRUTH)
    return { name: name.replace(/\.txtar$/, ''), files, truth: parseTruth(truth) }
  })
}

/** What extractor and resolver make of the files; each edge once, as in the truth. */
export async function graphOfFiles(files: ReadonlyMap<string, string>): Promise<Truth> {
  const resolver = await createResolver({
    files: files.keys(),
    load: (paths) => Promise.resolve(new Map(paths.map((path) => [path, files.get(path) ?? '']))),
  })
  const edges = new Map<string, TruthEdge>()
  const unresolved = new Map<string, TruthUnresolved>()
  for (const [src, text] of files) {
    const dialect = dialectOf(src)
    if (dialect === null) continue
    for (const found of extractFacts(text, dialect).imports) {
      const { kind, specifier } = found
      for (const { path: dst, reason } of resolver.resolve(src, found)) {
        if (reason !== null) unresolved.set(unresolvedLine({ src, specifier, reason }), { src, specifier, reason })
        if (dst === null || dst === src) continue
        const key = edgeKey({ src, dst, kind })
        const typeOnly = found.typeOnly && (edges.get(key)?.typeOnly ?? true)
        edges.set(key, { src, dst, kind, typeOnly })
      }
    }
  }
  return { edges: [...edges.values()], unresolved: [...unresolved.values()] }
}

export interface Score {
  readonly expected: number
  /** Of those that were expected. */
  readonly found: number
  readonly missing: readonly string[]
  readonly extra: readonly string[]
  readonly recall: number
  readonly precision: number
}

export interface GraphComparison extends Score {
  /** As they were found. */
  readonly edges: readonly TruthEdge[]
  readonly byKind: ReadonlyMap<ImportKind, Score>
  /** Edges that were expected and found, but for whether they are erased before the code runs. */
  readonly wrongTypeOnly: readonly string[]
  readonly unresolved: Score
}

/** Edges are the same by source, destination and kind; those from a file to itself do not count. */
export async function compareGraph({ name, files, truth }: GraphFixture): Promise<GraphComparison> {
  const { edges, unresolved } = await graphOfFiles(files)
  const named = (line: string): string => `${name}: ${line}`
  const score = (kind: ImportKind | null): Score => {
    const keysOf = (all: readonly TruthEdge[]): string[] =>
      all.filter((edge) => kind === null || edge.kind === kind).map((edge) => named(edgeKey(edge)))
    return scoreOf(keysOf(truth.edges), keysOf(edges))
  }
  const types = new Map(edges.map((edge) => [edgeKey(edge), edge.typeOnly]))
  const wrong = truth.edges.filter((edge) => (types.get(edgeKey(edge)) ?? edge.typeOnly) !== edge.typeOnly)
  return {
    ...score(null),
    edges,
    byKind: new Map(IMPORT_KINDS.map((kind) => [kind, score(kind)])),
    wrongTypeOnly: wrong.map((edge) => named(`${edgeKey(edge)}${edge.typeOnly ? ' type' : ''}`)),
    unresolved: scoreOf(
      truth.unresolved.map((one) => named(unresolvedLine(one))),
      unresolved.map((one) => named(unresolvedLine(one))),
    ),
  }
}

/** Of several repositories as of one. */
export function sumOf(all: readonly GraphComparison[]): GraphComparison {
  const kinds = IMPORT_KINDS.map(
    (kind) => [kind, totalOf(all.flatMap(({ byKind }) => byKind.get(kind) ?? []))] as const,
  )
  return {
    ...totalOf(all),
    edges: all.flatMap(({ edges }) => edges),
    byKind: new Map(kinds),
    wrongTypeOnly: all.flatMap(({ wrongTypeOnly }) => wrongTypeOnly),
    unresolved: totalOf(all.map(({ unresolved }) => unresolved)),
  }
}

function edgeKey({ src, dst, kind }: Pick<TruthEdge, 'src' | 'dst' | 'kind'>): string {
  return `${src} -> ${dst} ${kind}`
}

function unresolvedLine({ src, specifier, reason }: TruthUnresolved): string {
  return `${src} !! ${specifier ?? '-'} ${reason}`
}

function scoreOf(expected: readonly string[], found: readonly string[]): Score {
  const [wanted, got] = [new Set(expected), new Set(found)]
  const missing = [...wanted.difference(got)]
  return withRates({
    expected: wanted.size,
    found: wanted.size - missing.length,
    missing,
    extra: [...got.difference(wanted)],
  })
}

function totalOf(scores: readonly Score[]): Score {
  return withRates({
    expected: scores.reduce((sum, { expected }) => sum + expected, 0),
    found: scores.reduce((sum, { found }) => sum + found, 0),
    missing: scores.flatMap(({ missing }) => missing),
    extra: scores.flatMap(({ extra }) => extra),
  })
}

/** Nothing out of nothing is all of it. */
function withRates(counts: Omit<Score, 'recall' | 'precision'>): Score {
  const rate = (all: number): number => (all === 0 ? 1 : counts.found / all)
  return { ...counts, recall: rate(counts.expected), precision: rate(counts.found + counts.extra.length) }
}
