import type { FileKey } from '../graph/reach/use-edge.ts'

/** Files of a way that are named, at most. */
const MAX_NAMED = 6

/** `a.test.ts → b.ts → c.ts`; files of other repositories than the last with theirs before them. */
export function reasonOf(way: readonly FileKey[]): string {
  const home = way.at(-1)?.repository
  const names = way.map(({ repository, path }) => (repository === home ? path : `${repository}:${path}`))
  if (names.length <= MAX_NAMED) return names.join(' → ')
  const left = names.length - MAX_NAMED
  return [...names.slice(0, MAX_NAMED - 2), `${left} more`, ...names.slice(-2)].join(' → ')
}
