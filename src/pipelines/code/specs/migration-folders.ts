import { baseOf } from '../graph/resolve/paths.ts'
import { classOf } from '../snapshot/class-of.ts'
import { groupBy } from './files.ts'
import { compareKeys, isMigrationPath, type MigrationName, readMigration, type Scheme } from './migration-name.ts'
import { isNameStyle, type NameStyle, nameStyleOf } from './name-style.ts'
import { SHARE } from './tally.ts'

/** Of SQL in a folder that is not called after migrations. */
const MIN_NUMBERED = 3
/** Fewer tell nothing of how often numbers are left out. */
const MIN_STEPS = 3
/** `R__views.sql`, and what migrations share. */
const NO_MIGRATION = /^(?:R__|__init__|index|schema|structure|seed|README|env)/i

/** What the migrations of one folder have in common. */
export interface MigrationFolder {
  readonly dir: string
  readonly scheme: Scheme
  /** In the order of their numbers. */
  readonly all: readonly MigrationName[]
  /** Those of the scheme, of so many. */
  readonly followed: number
  readonly of: number
  /** Digits of a number that is filled up by zeros; null when it is not. */
  readonly width: number | null
  readonly separator: string
  readonly tail: string
  readonly style: NameStyle | null
  /** Between a number and the next one. */
  readonly step: bigint
}

export function migrationFoldersOf(paths: readonly string[]): ReadonlyMap<string, MigrationFolder> {
  const read = paths.flatMap((path) => {
    // Most paths have no digit, capital V or hexadecimal name, and are done with here.
    if (NO_MIGRATION.test(baseOf(path)) || classOf(path) !== 'source') return []
    return readMigration(path) ?? []
  })
  const folders = new Map<string, MigrationFolder>()
  for (const [dir, all] of groupBy(read, (one) => one.dir)) {
    const folder = folderOf(dir, all)
    if (folder !== null) folders.set(dir, folder)
  }
  return folders
}

function folderOf(dir: string, found: readonly MigrationName[]): MigrationFolder | null {
  const [first] = found.toSorted((a, b) => (a.path < b.path ? -1 : 1))
  if (first === undefined) return null
  const isCalledSo =
    isMigrationPath(first.path) || found.some(({ scheme }) => scheme === 'version' || scheme === 'hash')
  const isSql = found.every(({ tail }) => tail.endsWith('.sql'))
  if (!isCalledSo && (!isSql || new Set(found.map(({ number }) => number)).size < MIN_NUMBERED)) return null
  const scheme = mostOf(found.map((one) => one.scheme))
  const all = found
    .filter((one) => one.scheme === scheme?.value)
    .toSorted((a, b) => compareKeys(a.key, b.key) || (a.path < b.path ? -1 : 1))
  if (scheme === null || all.length < SHARE * found.length) return null
  const styles = all.flatMap(({ slug }) => {
    const style = nameStyleOf(slug)
    return isNameStyle(style) ? [style] : []
  })
  const style = mostOf(styles)
  return {
    dir,
    scheme: scheme.value,
    all,
    followed: all.length,
    of: found.length,
    width: widthOf(all),
    separator: mostOf(all.map(({ separator }) => separator).filter((one) => one !== ''))?.value ?? '_',
    tail: mostOf(all.map(({ tail }) => tail))?.value ?? '.sql',
    style: style === null || style.count < SHARE * styles.length ? null : style.value,
    step: stepOf(all),
  }
}

function widthOf(all: readonly MigrationName[]): number | null {
  const width = mostOf(all.map(({ number }) => number.length))
  const isFilled = all.some(({ number }) => number.length > 1 && number.startsWith('0')) || (width?.value ?? 0) >= 8
  return width !== null && isFilled && width.count >= SHARE * all.length ? width.value : null
}

function stepOf(all: readonly MigrationName[]): bigint {
  const numbers = [...new Set(all.map(({ key }) => key[0] ?? 0n))]
  const steps = numbers.slice(1).map((number, i) => number - (numbers[i] ?? 0n))
  const step = mostOf(steps)
  return step !== null && steps.length >= MIN_STEPS && step.count >= SHARE * steps.length ? step.value : 1n
}

/** The first of those that are there most often. */
function mostOf<T>(values: readonly T[]): { value: T; count: number } | null {
  const counts = new Map<T, number>()
  let best: { value: T; count: number } | null = null
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1
    counts.set(value, count)
    if (best === null || count > best.count) best = { value, count }
  }
  return best
}
