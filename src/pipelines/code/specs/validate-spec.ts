import type { Unknown } from '../../../contract/graph.ts'
import { validateSpec, type SpecReport } from '../../../contract/specs.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import type { CodeDeps } from '../deps.ts'
import { onOneCommit, type OpenGraph } from '../graph/open-graph.ts'
import { fitTokens, SPEC_LISTS } from '../graph/fit-tokens.ts'
import { projectScope } from '../projects/index.ts'
import { readSnapshot } from '../read-snapshot.ts'
import type { Rebuild } from '../rebuild.ts'
import { checkSpec } from './check-spec.ts'
import { openIndex } from './open-index.ts'
import type { SpecCheck } from './report.ts'

export function validateSpecVerb({ reader }: CodeDeps, rebuild: Rebuild): BoundVerb {
  return implement(validateSpec, async ({ sql, orgId, signal }, input) => {
    const org = orgId()
    const { spec } = input
    const scope = input.project === undefined ? [] : await projectScope(sql, org, input.project)
    const report = await onOneCommit(sql, { org, key: input.repository }, async (graph) => {
      if (!graph.isBuilt) return notChecked(graph.about, graph.unknown)
      const check = await readSnapshot(sql, { org, key: graph.id }, { reader, rebuild }, async (snapshot) => {
        const read = (paths: readonly string[]) => reader.texts(org, snapshot, paths, signal)
        return checkSpec(spec, await openIndex(sql, { org, graph, spec, scope, read }))
      })
      return reportOf(graph, check)
    })
    return fitTokens(report, input.maxTokens, SPEC_LISTS)
  })
}

function reportOf({ about }: OpenGraph, check: SpecCheck): SpecReport {
  const { findings, totals, conventions, checked, unknown, truncated } = check
  return {
    ...about,
    verdict: totals.errors > 0 ? 'invalid' : unknown.length > 0 ? 'unknown' : 'valid',
    findings: [...findings],
    totals,
    truncated,
    conventions: [...conventions],
    checked: [...checked],
    unknown: [...unknown],
  }
}

function notChecked(
  about: Pick<SpecReport, 'repository' | 'indexedCommit' | 'indexedAt'>,
  unknown: readonly Unknown[],
): SpecReport {
  return {
    ...about,
    verdict: 'unknown',
    findings: [],
    totals: { errors: 0, warnings: 0, infos: 0 },
    truncated: false,
    conventions: [],
    checked: [],
    unknown: [...unknown],
  }
}
