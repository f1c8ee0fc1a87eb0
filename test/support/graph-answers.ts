import type { Dependencies } from '../../src/contract/graph.ts'
import type { Impact } from '../../src/contract/impact.ts'
import type { SpecReport } from '../../src/contract/specs.ts'

/** Answers of the operations over imports, with nothing in them but what a test adds. */
const INDEX = { repository: 'app', indexedCommit: '0123456789abcdef', indexedAt: null }

export function dependenciesOf(more: Partial<Dependencies> = {}): Dependencies {
  return {
    ...INDEX,
    targets: [{ repository: 'app', path: 'src/target.ts', symbol: null, line: null }],
    nodes: [],
    totals: { dependents: 0, dependencies: 0, cycles: 0, unresolved: 0 },
    truncated: false,
    cycles: [],
    unresolved: [],
    externals: [],
    unknown: [],
    ...more,
  }
}

export function impactOf(more: Partial<Impact> = {}): Impact {
  return {
    ...INDEX,
    changed: { files: [], symbols: [] },
    dependents: [],
    tests: [],
    endpoints: [],
    jobs: [],
    cycles: [],
    totals: { files: 0, symbols: 0, dependents: 0, direct: 0, tests: 0, endpoints: 0, jobs: 0, cycles: 0 },
    truncated: false,
    risk: { level: 'low', factors: [] },
    unknown: [],
    nextSteps: [],
    ...more,
  }
}

export function specReportOf(more: Partial<SpecReport> = {}): SpecReport {
  return {
    ...INDEX,
    verdict: 'valid',
    findings: [],
    totals: { errors: 0, warnings: 0, infos: 0 },
    truncated: false,
    conventions: [],
    checked: [],
    unknown: [],
    ...more,
  }
}
