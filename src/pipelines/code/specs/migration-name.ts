import { baseOf, dirOf } from '../graph/resolve/paths.ts'

export const SCHEMES = ['sequence', 'timestamp', 'version', 'hash'] as const
/**
 * `sequence`: 0001, 0002. `timestamp`: 14 digits of a date and time, or seconds or milliseconds. `version`: `V1.2` of
 * Flyway. `hash`: 12 hexadecimal digits of Alembic.
 */
export type Scheme = (typeof SCHEMES)[number]

/** A migration, taken apart: `<dir>/<prefix><number><separator><slug><tail>`. */
export interface MigrationName {
  readonly path: string
  readonly dir: string
  readonly scheme: Scheme
  /** As written. */
  readonly number: string
  /** To compare by; of a hash none. */
  readonly key: readonly bigint[]
  readonly separator: string
  readonly slug: string
  /** `.sql`, `.up.sql`, or `/migration.sql` of a folder. */
  readonly tail: string
}

const IN_FOLDER = /^(?:migration|up|down)\.(?:sql|ts|js|py)$/
const TAIL = /(?:\.(?:up|down|do|undo))?\.(?:sql|ts|mts|cts|js|mjs|cjs|py|php|rb|go|java|kt|cs|xml|ya?ml)$/
const FOLDER = /^(?:[a-z0-9_.-]*migrations?|migrate|flyway)$/i
/** Most paths are told apart by it at once. */
const HINT = /migrat|flyway|alembic\/versions\//i

/** In a folder that is called after migrations, whatever the file is called. */
export function isMigrationPath(path: string): boolean {
  if (!HINT.test(path)) return false
  const folders = dirOf(path).split('/')
  return folders.some((folder) => FOLDER.test(folder)) || /(?:^|\/)alembic\/versions\//.test(path)
}

/** Folder, name without ending, and ending: of Prisma and Diesel the name is that of a folder. */
export function splitMigration(path: string): { dir: string; name: string; tail: string } | null {
  const base = baseOf(path)
  if (IN_FOLDER.test(base) && dirOf(path) !== '')
    return { dir: dirOf(dirOf(path)), name: baseOf(dirOf(path)), tail: `/${base}` }
  const tail = TAIL.exec(base)?.[0]
  return tail === undefined ? null : { dir: dirOf(path), name: base.slice(0, base.length - tail.length), tail }
}

/** null for what no scheme names. */
export function readMigration(path: string): MigrationName | null {
  const split = splitMigration(path)
  if (split === null || split.name.length > 300) return null
  const { dir, name, tail } = split
  const made = (scheme: Scheme, found: RegExpExecArray, key: readonly bigint[]): MigrationName => {
    const [, number = '', separator = '', slug = ''] = found
    return { path, dir, scheme, number, key, separator, slug, tail }
  }
  const flyway = /^V(\d{1,30}(?:[._]\d{1,30}){0,5})(__)(.*)$/.exec(name)
  if (flyway !== null) return made('version', flyway, (flyway[1] ?? '').split(/[._]/).map(BigInt))
  const dated = /^(\d{4}[_-]\d\d[_-]\d\d[_-]\d{6})([_-])(.*)$/.exec(name)
  if (dated !== null) return made('timestamp', dated, [BigInt((dated[1] ?? '').replaceAll(/\D/g, ''))])
  const hash = tail === '.py' ? /^(?=[0-9]*[a-f])([0-9a-f]{12})(_)(.*)$/.exec(name) : null
  if (hash !== null) return made('hash', hash, [])
  const numbered = /^(\d{1,30})([_-]*)(.*)$/.exec(name)
  if (numbered === null || (numbered[2] === '' && numbered[3] !== '')) return null
  const [, digits = ''] = numbered
  return made(isTimestamp(digits) ? 'timestamp' : 'sequence', numbered, [BigInt(digits)])
}

/** A date as YYYYMMDD with or without a time, or seconds or milliseconds since 1970. */
function isTimestamp(digits: string): boolean {
  if (digits.length === 10 || digits.length === 13) return true
  return digits.length === 8 || digits.length === 12 || digits.length === 14 ? isDate(digits) : digits.length > 14
}

/** Whether digits of this length can be a date and time; those of other lengths are none. */
export function isDate(digits: string): boolean {
  const found = /^(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?$/.exec(digits)
  if (found === null) return false
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1)
    .map((part) => Number(part || 0))
  if (year < 1990 || year > 2200 || hour > 23 || minute > 59 || second > 59) return false
  const date = new Date(Date.UTC(year, month - 1, day))
  return date.getUTCMonth() === month - 1 && date.getUTCDate() === day
}

export function compareKeys(a: readonly bigint[], b: readonly bigint[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [one, other] = [a[i] ?? 0n, b[i] ?? 0n]
    if (one !== other) return one < other ? -1 : 1
  }
  return 0
}
