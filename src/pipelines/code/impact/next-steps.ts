import type { Unknown } from '../../../contract/graph.ts'
import { counted, isDecisive, listed, testable, type Findings } from './risk.ts'
import { sensitivityOf } from './sensitive-path.ts'

type Step = (findings: Findings) => string | null

/** What to do about a change, as short orders, the most pressing first. */
export function nextSteps(findings: Findings): readonly string[] {
  return [...unknownSteps(findings), ...STEPS.flatMap((step) => step(findings) ?? [])]
}

const STEPS: readonly Step[] = [
  ({ symbols }) => {
    const removed = symbols.filter(({ change, users }) => change === 'removed' && users.length > 0)
    const users = distinct(removed.flatMap((symbol) => symbol.users))
    const names = listed(removed.map(({ name }) => name))
    return removed.length === 0
      ? null
      : `Change ${counted(users.length, 'file that still imports', 'files that still import')} ${names}: ${listed(users)}`
  },
  ({ symbols }) => {
    const changed = symbols.filter(({ change, users }) => change === 'signature' && users.length > 0)
    const users = distinct(changed.flatMap((symbol) => symbol.users))
    const names = listed(changed.map(({ name }) => name))
    return changed.length === 0 ? null : `Look at the uses of ${names} in ${listed(users)}`
  },
  ({ tests }) => (tests.length === 0 ? null : `Run ${counted(tests.length, 'test', 'tests')}: ${listed(tests)}`),
  (findings) => {
    const files = findings.tests.length > 0 ? [] : testable(findings)
    return files.length === 0 ? null : `Add a test of ${listed(files.map(({ path }) => path))}: none reaches it`
  },
  ({ endpoints }) => (endpoints.length === 0 ? null : `Try ${listed(endpoints)}`),
  ({ jobs }) => (jobs.length === 0 ? null : `Try the jobs ${listed(jobs)}`),
  ({ dependents: { repositories } }) =>
    repositories.length === 0 ? null : `Check the other repositories: ${listed(repositories)}`,
  ({ files }) => {
    const migrations = files.filter(({ path }) => sensitivityOf(path) === 'migration')
    const edited = migrations.filter(({ change }) => change !== 'added').map(({ path }) => path)
    if (edited.length > 0) return `Add a new migration instead of changing ${listed(edited)}`
    return migrations.length === 0 ? null : `Try ${listed(migrations.map(({ path }) => path))} on a copy of the data`
  },
]

function unknownSteps(findings: Findings): readonly string[] {
  const decisive = findings.unknown.filter((unknown) => isDecisive(unknown, findings))
  const groups = Map.groupBy(decisive, (unknown) => unknown.reason)
  return distinct(
    [...groups].map(([reason, group]) =>
      unknownStep(reason, { findings, paths: distinct(group.flatMap(({ path }) => path ?? [])) }),
    ),
  ).filter((step) => step !== '')
}

interface About {
  readonly findings: Findings
  readonly paths: readonly string[]
}

function unknownStep(reason: Unknown['reason'], { findings, paths }: About): string {
  const { repository, indexedCommit } = findings
  const files = paths.length === 0 ? 'the changed files' : listed(paths)
  switch (reason) {
    case 'not_indexed':
      return `Index ${repository}, then ask again`
    case 'stale':
      return `Index ${repository} again, then ask again`
    case 'diff_does_not_apply':
      return indexedCommit === null
        ? `Index ${repository}, then ask again`
        : `Take the diff from or to commit ${indexedCommit.slice(0, 12)}, or index ${repository} again: it does not apply to ${files}`
    case 'file_not_indexed':
      return `Check the path, or index ${repository} again: ${files} can not be found in the index`
    case 'language_unsupported':
      return `Search for uses of ${files} by text: there is no graph of that language`
    case 'symbol_unknown':
      return `Check the names of the symbols${paths.length === 0 ? '' : ` in ${files}`}`
    case 'parse_incomplete':
      return `Correct the syntax of ${files}, then ask again`
    case 'imports_unresolved':
      return paths.length === 0
        ? 'Look at the imports that lead nowhere'
        : `Look at the imports that lead nowhere in ${files}`
    case 'limit_reached':
      return 'Ask again with more depth, or about fewer files'
    case 'binary':
      return ''
  }
}

function distinct(texts: readonly string[]): readonly string[] {
  return [...new Set(texts)]
}
