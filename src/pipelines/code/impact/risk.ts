import type { Unknown } from '../../../contract/graph.ts'
import type { ChangedSymbol, Impact } from '../../../contract/impact.ts'
import type { Language } from '../../../contract/languages.ts'
import { isCode } from '../language.ts'
import { sensitivityOf, type Sensitivity } from './sensitive-path.ts'

type Risk = Impact['risk']
type Factor = Risk['factors'][number]
type Level = Factor['level']

/** What was found out about a change. */
export interface Findings {
  readonly repository: string
  readonly indexedCommit: string | null
  readonly files: readonly ChangedFile[]
  /** `users`: paths of the files that import it by name, or take all of its module. */
  readonly symbols: readonly (ChangedSymbol & { readonly users: readonly string[] })[]
  readonly dependents: {
    readonly total: number
    readonly direct: number
    /** Packages, or folders at the root, of the dependents beside those of the change itself. */
    readonly areas: readonly string[]
    /** Repositories beside that of the change. */
    readonly repositories: readonly string[]
  }
  readonly tests: readonly string[]
  /** As they are shown: `GET /users`. */
  readonly endpoints: readonly string[]
  readonly jobs: readonly string[]
  /** Circles of imports that the changed files are in. */
  readonly cycles: readonly (readonly string[])[]
  readonly unknown: readonly Unknown[]
}

export interface ChangedFile {
  readonly path: string
  readonly change: 'added' | 'modified' | 'deleted' | 'renamed'
  readonly language: Language | null
  readonly test: boolean
  /** Something of it that others can feel has changed: more than comments and layout. */
  readonly felt: boolean
  /** Files that import it. */
  readonly fanIn: number
}

/** From so many on. */
const MANY_DEPENDENTS: Thresholds = { medium: 10, high: 50 }
const MANY_AREAS: Thresholds = { medium: 2, high: 4 }
const HUB: Thresholds = { medium: 20, high: 100 }
const MANY_ENTRIES: Thresholds = { medium: 1, high: 10 }
const MANY_USERS: Thresholds = { medium: 1, high: 5 }

const SENSITIVE: Readonly<Record<Sensitivity, Level>> = {
  migration: 'medium',
  schema: 'medium',
  lockfile: 'medium',
  manifest: 'medium',
  ci: 'medium',
  deployment: 'medium',
  configuration: 'medium',
}

const LEVELS: readonly Level[] = ['low', 'medium', 'high']

/**
 * The highest level of what speaks for a risk. When something decisive can not be told it is `unknown`, unless it is high
 * already: what is missing can only add to it.
 */
export function assessRisk(findings: Findings): Risk {
  const factors = FACTORS.flatMap((factor) => factor(findings) ?? []).toSorted(
    (a, b) => LEVELS.indexOf(b.level) - LEVELS.indexOf(a.level),
  )
  const level = factors[0]?.level ?? 'low'
  const isOpen = findings.unknown.some((unknown) => isDecisive(unknown, findings))
  return { level: isOpen && level !== 'high' ? 'unknown' : level, factors }
}

/** Whether the answer could be another one if it were known. */
export function isDecisive({ reason, path }: Unknown, { files }: Pick<Findings, 'files'>): boolean {
  const file = files.find((one) => one.path === path)
  switch (reason) {
    case 'binary':
      return false
    case 'language_unsupported':
      return file === undefined || isCode(file.language)
    case 'file_not_indexed':
    case 'diff_does_not_apply':
      return file === undefined || file.language === null || isCode(file.language)
    case 'not_indexed':
    case 'stale':
    case 'symbol_unknown':
    case 'parse_incomplete':
    case 'imports_unresolved':
    case 'limit_reached':
      return true
  }
}

/** Files whose change a test could find. */
export function testable({ files }: Pick<Findings, 'files'>): readonly ChangedFile[] {
  return files.filter((file) => isCode(file.language) && file.felt && !file.test && file.change !== 'added')
}

type Rule = (findings: Findings) => Factor | readonly Factor[] | null

const FACTORS: readonly Rule[] = [
  ({ symbols }) => {
    const removed = symbols.filter(({ change, users }) => change === 'removed' && users.length > 0)
    return some(
      'removed_in_use',
      removed.length && 'high',
      `Removed and still imported: ${listed(removed.map(nameOf))}`,
    )
  },
  ({ symbols, files }) => {
    const gone = files.filter((file) => file.change === 'deleted' && file.fanIn > 0)
    const removed = symbols.some(({ change, users }) => change === 'removed' && users.length > 0)
    return some(
      'deleted_in_use',
      gone.length > 0 && !removed && 'high',
      `Deleted and still imported: ${listed(gone.map(({ path }) => path))}`,
    )
  },
  ({ symbols }) => {
    const changed = symbols.filter(({ change, exported }) => change === 'signature' && exported)
    const users = new Set(changed.flatMap((symbol) => symbol.users)).size
    const detail = `${counted(users, 'file uses', 'files use')} what has another signature: ${listed(changed.map(nameOf))}`
    return some('signature_changed', levelOf(users, MANY_USERS), detail)
  },
  ({ dependents: { total, direct } }) =>
    some(
      'many_dependents',
      levelOf(total, MANY_DEPENDENTS),
      `${total} files depend on the change, ${direct} of them directly`,
    ),
  ({ dependents: { areas } }) =>
    some('wide_reach', levelOf(areas.length, MANY_AREAS), `Felt in other parts: ${listed(areas)}`),
  ({ dependents: { repositories } }) =>
    some(
      'other_repositories',
      repositories.length > 0 && 'high',
      `Felt in other repositories: ${listed(repositories)}`,
    ),
  ({ files }) => {
    const most = files.reduce((a, b) => Math.max(a, b.fanIn), 0)
    const hubs = files.filter((file) => levelOf(file.fanIn, HUB))
    const detail = `Imported by many: ${listed(hubs.map(({ path, fanIn }) => `${path} (${fanIn})`))}`
    return some('hub_changed', levelOf(most, HUB), detail)
  },
  ({ endpoints }) =>
    some('endpoints_touched', levelOf(endpoints.length, MANY_ENTRIES), `Felt on: ${listed(endpoints)}`),
  ({ jobs }) => some('jobs_touched', levelOf(jobs.length, MANY_ENTRIES), `Felt in jobs: ${listed(jobs)}`),
  (findings) => {
    const files = findings.tests.length > 0 ? [] : testable(findings)
    return some('untested', files.length > 0 && 'medium', `No test reaches ${listed(files.map(({ path }) => path))}`)
  },
  ({ cycles }) =>
    some(
      'in_cycle',
      cycles.length > 0 && 'medium',
      `In a circle of imports: ${listed(cycles.map((paths) => listed(paths)))}`,
    ),
  ({ files }) => {
    const groups = Map.groupBy(files, ({ path }) => sensitivityOf(path))
    return [...groups].flatMap(([kind, group]) => {
      if (kind === null) return []
      // What has run in one place already is not run there again.
      const isRewritten = kind === 'migration' && group.some(({ change }) => change !== 'added')
      const level = isRewritten ? 'high' : SENSITIVE[kind]
      return { name: `${kind}_changed`, level, detail: listed(group.map(({ path }) => path)) }
    })
  },
]

interface Thresholds {
  readonly medium: number
  readonly high: number
}

function levelOf(count: number, { medium, high }: Thresholds): Level | null {
  if (count >= high) return 'high'
  return count >= medium ? 'medium' : null
}

function some(name: string, level: Level | false | 0 | null, detail: string): Factor | null {
  return level === false || level === 0 || level === null ? null : { name, level, detail }
}

function nameOf({ name, path }: ChangedSymbol): string {
  return `${name} of ${path}`
}

/** Names in a sentence, at most. */
const MAX_LISTED = 5

export function listed(names: readonly string[]): string {
  const left = names.length - MAX_LISTED
  return left > 0 ? `${names.slice(0, MAX_LISTED).join(', ')} and ${left} more` : names.join(', ')
}

export function counted(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`
}
