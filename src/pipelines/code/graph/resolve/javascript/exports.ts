import { isTable, type Table } from '../config-text.ts'

/** `types` stands twice: where it leads to a source, it is as good as `source`. */
const CONDITIONS = ['source', 'development', 'import', 'module', 'node', 'browser', 'require', 'default', 'types']
const MAX_DEPTH = 16
const MAX_TARGETS = 64

interface Pattern {
  readonly key: string
  readonly prefix: string
  readonly suffix: string
  readonly value: unknown
}

/** The entries of `exports` or `imports` of a package. */
export interface EntryTable {
  readonly exact: ReadonlyMap<string, unknown>
  /** That of the longest prefix first. */
  readonly patterns: readonly Pattern[]
}

export interface Targets {
  /** As written, the star replaced. */
  readonly targets: readonly string[]
  readonly exact: boolean
}

/** null when the package has no `exports`, so that all of it is open. */
export function readExports(value: unknown): EntryTable | null {
  if (value === undefined || value === null) return null
  if (isTable(value)) {
    const keys = Object.keys(value)
    if (keys.length > 0 && keys.every((key) => key.startsWith('.'))) return readEntries(value)
  }
  return { exact: new Map([['.', value]]), patterns: [] }
}

export function readEntries(table: Table): EntryTable {
  const exact = new Map<string, unknown>()
  const patterns: Pattern[] = []
  for (const [key, value] of Object.entries(table)) {
    const star = key.indexOf('*')
    if (star !== -1) patterns.push({ key, prefix: key.slice(0, star), suffix: key.slice(star + 1), value })
    else if (key.endsWith('/')) patterns.push({ key: `${key}*`, prefix: key, suffix: '', value: withStar(value) })
    else exact.set(key, value)
  }
  patterns.sort((a, b) => b.prefix.length - a.prefix.length || b.suffix.length - a.suffix.length)
  return { exact, patterns }
}

/** A folder, as Node had it before patterns. */
function withStar(value: unknown): unknown {
  return typeof value === 'string' ? `${value}*` : value
}

/** null when no entry is for it, or one that forbids it. */
export function targetsOf(table: EntryTable, key: string): Targets | null {
  if (table.exact.has(key)) {
    const value = table.exact.get(key)
    return value === null ? null : { targets: leavesOf(value), exact: true }
  }
  for (const { prefix, suffix, value } of table.patterns) {
    if (key.length <= prefix.length + suffix.length || !key.startsWith(prefix) || !key.endsWith(suffix)) continue
    if (value === null) return null
    const star = key.slice(prefix.length, key.length - suffix.length)
    return { targets: leavesOf(value).map((target) => target.replaceAll('*', () => star)), exact: false }
  }
  return null
}

function leavesOf(value: unknown): readonly string[] {
  const found = new Set<string>()
  collect(value, found, 0)
  return [...found]
}

function collect(value: unknown, found: Set<string>, depth: number): void {
  if (depth > MAX_DEPTH || found.size >= MAX_TARGETS) return
  if (typeof value === 'string') found.add(value)
  else if (Array.isArray(value)) for (const one of value) collect(one, found, depth + 1)
  else if (isTable(value)) for (const one of inOrder(value)) collect(one, found, depth + 1)
}

function inOrder(conditions: Table): unknown[] {
  const { types } = conditions
  const ordered = typeof types === 'string' && /(?<!\.d)\.[cm]?tsx?$/.test(types) ? [types] : []
  const keys = new Set([...CONDITIONS.filter((key) => Object.hasOwn(conditions, key)), ...Object.keys(conditions)])
  const values = [...keys].map((key) => conditions[key])
  const first = Math.min(2, [...keys].filter((key) => key === 'source' || key === 'development').length)
  return [...values.slice(0, first), ...ordered, ...values.slice(first)]
}
