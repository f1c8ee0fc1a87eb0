import type { Unknown } from '../../../contract/graph.ts'
import type { SPEC_RULES, SpecFinding, SpecReport } from '../../../contract/specs.ts'

export type SpecRule = (typeof SPEC_RULES)[number]
export type Evidence = SpecFinding['evidence'][number]
export type Convention = SpecReport['conventions'][number]

export interface SpecCheck {
  /** Errors first, then by path, rule and message. */
  readonly findings: readonly SpecFinding[]
  readonly totals: SpecReport['totals']
  /** There are more than are listed. */
  readonly truncated: boolean
  readonly conventions: readonly Convention[]
  readonly checked: readonly SpecRule[]
  readonly unknown: readonly Unknown[]
}

/** What the rules say, in whatever order. */
export interface Report {
  /** The rule applies to something in the plan. */
  check(rule: SpecRule): void
  find(finding: SpecFinding): void
  learn(convention: Convention): void
  ignore(unknown: Unknown): void
}

export const MAX_FINDINGS = 500
const MAX_UNKNOWN = 500
/** Of one finding. */
export const MAX_EVIDENCE = 20

const SEVERITIES = ['error', 'warning', 'info'] as const

export function createReport(): Report & { result(): SpecCheck } {
  const checked = new Set<SpecRule>()
  const findings = new Map<string, SpecFinding>()
  const conventions = new Map<string, Convention>()
  const unknown = new Map<string, Unknown>()
  return {
    check: (rule) => void checked.add(rule),
    find: (finding) => {
      checked.add(finding.rule)
      const key = keyOf(finding)
      if (findings.has(key)) return
      findings.set(key, { ...finding, evidence: shortened(finding.evidence) })
    },
    learn: (convention) => void conventions.set(JSON.stringify([convention.name, convention.value]), convention),
    ignore: (one) => void unknown.set(JSON.stringify([one.path, one.reason, one.detail]), one),
    result: () => {
      const all = [...findings].toSorted(([a, one], [b, other]) => rankOf(one) - rankOf(other) || (a < b ? -1 : 1))
      const count = (severity: SpecFinding['severity']): number =>
        all.filter(([, finding]) => finding.severity === severity).length
      return {
        findings: all.slice(0, MAX_FINDINGS).map(([, finding]) => finding),
        totals: { errors: count('error'), warnings: count('warning'), infos: count('info') },
        truncated: all.length > MAX_FINDINGS,
        conventions: sorted(conventions),
        checked: [...checked].toSorted(),
        unknown: sorted(unknown).slice(0, MAX_UNKNOWN),
      }
    },
  }
}

export function quoted(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

function keyOf({ path, rule, message }: SpecFinding): string {
  return `${path ?? ''}\0${rule}\0${message}`
}

function rankOf({ severity }: SpecFinding): number {
  return SEVERITIES.indexOf(severity)
}

function sorted<T>(entries: ReadonlyMap<string, T>): readonly T[] {
  return [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}

function shortened(evidence: readonly Evidence[]): Evidence[] {
  if (evidence.length <= MAX_EVIDENCE) return [...evidence]
  const more = evidence.slice(MAX_EVIDENCE - 1)
  const files = new Set(more.map(({ path }) => path)).size
  return [
    ...evidence.slice(0, MAX_EVIDENCE - 1),
    { path: more[0]?.path ?? '', line: null, text: `And ${more.length} more in ${files} files` },
  ]
}
