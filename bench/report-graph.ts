import type { GraphResults } from './graph.ts'
import type { Times } from './graph/ask-dependents.ts'
import type { Difference } from './graph/differences.ts'
import { rounded, target } from './report-search.ts'

const TARGETS = {
  toReference: 5,
  recall: 0.98,
  precision: 0.99,
  firstIndex: { seconds: 12, peakMB: 600 },
  reindexSeconds: 1.5,
  dependentsMs: 20,
  impactMs: 300,
}

export function reportGraph(results: GraphResults): void {
  reportImportGraph(results.importGraph)
  reportTruth(results.truth)
  reportProduct(results.product)
}

function reportImportGraph(results: GraphResults['importGraph']): void {
  const { repository, tenon, reference, absent, ratios, comparison } = results
  const size = `${repository.codeFiles} code files of ${repository.files}, ${rounded(repository.codeBytes / 1e6)} MB`
  console.log(`\nImport graph of ${repository.name} at ${repository.commit.slice(0, 12)}: ${size}`)
  if (reference === null) console.log(`NO REFERENCE: ${absent}`)
  console.table({
    'graph of texts in memory, s': { tenon: rounded(tenon.graphMs / 1000, 2) },
    'of it: extraction s': { tenon: rounded(tenon.extractMs / 1000, 2) },
    'of it: resolution s': { tenon: rounded(tenon.resolveMs / 1000, 2) },
    'reading from git, apart, s': { tenon: rounded(tenon.gitMs / 1000, 2) },
    'whole process s': {
      tenon: rounded(tenon.processMs / 1000, 2),
      reference: reference && rounded(reference.processMs / 1000, 2),
    },
    'peak MB': { tenon: rounded(tenon.peakMB), reference: reference && rounded(reference.peakMB) },
    edges: { tenon: comparison?.edges ?? null, reference: comparison?.referenceEdges ?? null },
  })
  if (reference === null || ratios === null || comparison === null) return
  console.log(`Reference: ${reference.name}, ${reference.tsConfig}, ${reference.links} packages linked`)
  console.log(`Edges of both: ${comparison.both}`)
  reportDifferences('Only Tenon', comparison.onlyTenon)
  reportDifferences('Only the reference', comparison.onlyReference)
  target(
    ratios.graph >= TARGETS.toReference,
    `graph at least ${TARGETS.toReference} times as fast as the reference: ${rounded(ratios.graph, 2)} ` +
      `(with git and the start of the process: ${rounded(ratios.process, 2)})`,
  )
}

function reportDifferences(title: string, differences: Readonly<Record<string, Difference>>): void {
  for (const [cause, { count, examples }] of Object.entries(differences)) {
    console.log(`${title}, ${cause}: ${count}`)
    for (const example of examples) console.log(`    ${example}`)
  }
  if (Object.keys(differences).length === 0) console.log(`${title}: none`)
}

function reportTruth(truth: GraphResults['truth']): void {
  console.log(`\nImports written down by people, ${truth.repositories} small repositories`)
  const row = ({ expected, recall, precision }: { expected: number; recall: number; precision: number }) => ({
    expected,
    recall: rounded(recall, 3),
    precision: rounded(precision, 3),
  })
  console.table({
    all: row(truth),
    ...Object.fromEntries(Object.entries(truth.byKind).map(([kind, rates]) => [kind, row(rates)])),
    unresolved: row(truth.unresolved),
  })
  for (const line of truth.missing) console.log(`missing  ${line}`)
  for (const line of truth.extra) console.log(`extra    ${line}`)
  for (const line of truth.wrongTypeOnly) console.log(`types    ${line}`)
  target(truth.recall >= TARGETS.recall, `recall at least ${TARGETS.recall}: ${rounded(truth.recall, 4)}`)
  target(
    truth.precision >= TARGETS.precision,
    `precision at least ${TARGETS.precision}: ${rounded(truth.precision, 4)}`,
  )
}

function reportProduct({
  repository,
  firstIndex,
  reindex,
  dependents,
  impact,
  loadBefore,
}: GraphResults['product']): void {
  const load = `load ${rounded(loadBefore)}`
  console.log(`\nThe whole product on ${repository.name}, ${repository.files} files, with symbols and graph (${load})`)
  console.table({
    'first index s': figure(firstIndex.seconds),
    'first index / reading the files from git': figure(firstIndex.toGitRead),
    'first index peak MB': figure(firstIndex.peakMB),
    [`index of ${reindex.changedFiles} changed files s`]: figure(reindex.seconds, 2),
    'that / git diff': figure(reindex.toGitDiff),
    'that, peak MB': figure(reindex.peakMB),
  })
  const times = ({ p50Ms, worstMs }: Times) => ({ 'p50 ms': rounded(p50Ms, 2), 'worst ms': rounded(worstMs, 2) })
  const { sql, read, rest, restRead, ripgrep, ratios } = dependents
  console.log(`Dependents of ${dependents.files} files at depth 3 (${dependents.dependents.most} files at most)`)
  console.table({
    'SQL under row-level security': times(sql),
    'of the most imported files': times(sql.top),
    'one row by its primary key': times(read),
    REST: times(rest),
    'REST, one row': times(restRead),
    'ripgrep for the name': times(ripgrep),
    [`impact of a diff of ${impact.filesOfEach} files, REST`]: times(impact),
    'git diff': times(impact.gitDiff),
  })
  console.log(
    `SQL / one row ${rounded(ratios.sqlToRead)}, REST / one row ${rounded(ratios.restToRestRead)}, ` +
      `ripgrep / REST ${rounded(ratios.ripgrepToRest)}, impact / git diff ${rounded(impact.toGitDiff)}`,
  )
  reportTargets({ firstIndex, reindex, dependents, impact })
}

function reportTargets(
  product: Pick<GraphResults['product'], 'firstIndex' | 'reindex' | 'dependents' | 'impact'>,
): void {
  const { firstIndex, reindex, dependents, impact } = product
  const most = TARGETS.firstIndex
  target(firstIndex.seconds <= most.seconds, `first index at most ${most.seconds} s: ${rounded(firstIndex.seconds)}`)
  if (firstIndex.peakMB !== null)
    target(firstIndex.peakMB <= most.peakMB, `first index at most ${most.peakMB} MB: ${rounded(firstIndex.peakMB)}`)
  target(
    reindex.seconds <= TARGETS.reindexSeconds,
    `index of ${reindex.changedFiles} changed files at most ${TARGETS.reindexSeconds} s: ${rounded(reindex.seconds, 2)}`,
  )
  const { p50Ms, worstMs, worstPath } = dependents.sql
  target(
    p50Ms <= TARGETS.dependentsMs,
    `dependents in SQL, p50 at most ${TARGETS.dependentsMs} ms: ${rounded(p50Ms, 2)} (worst ${rounded(worstMs)}: ${worstPath})`,
  )
  target(impact.p50Ms <= TARGETS.impactMs, `impact, p50 at most ${TARGETS.impactMs} ms: ${rounded(impact.p50Ms)}`)
}

function figure(value: number | null, digits = 1): { value: number | null } {
  return { value: rounded(value, digits) }
}
