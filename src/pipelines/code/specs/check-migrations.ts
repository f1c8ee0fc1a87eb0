import { baseOf, below, dirOf } from '../graph/resolve/paths.ts'
import type { Checking } from './checking.ts'
import { type MigrationFolder, migrationFoldersOf } from './migration-folders.ts'
import {
  compareKeys,
  isDate,
  isMigrationPath,
  type MigrationName,
  readMigration,
  splitMigration,
} from './migration-name.ts'
import { follows, inStyle } from './name-style.ts'
import type { Evidence } from './report.ts'

const SCHEME_NAMES = {
  sequence: 'numbers in sequence',
  timestamp: 'timestamps',
  version: 'versions after V',
  hash: '12 hexadecimal digits',
} as const

/** Migrations are called as those before them, get the next number, and are never edited. */
export function checkMigrations(checking: Checking): void {
  const { plan, files, report } = checking
  const candidates = [...plan.created.keys(), ...plan.modified.keys(), ...plan.deleted, ...plan.migrations]
  if (candidates.length === 0) return
  const folders = migrationFoldersOf(files.paths)
  // The first migration of a repository has nothing to be compared with.
  if (folders.size === 0) return
  checkEdited(checking, folders)
  const byDir = new Map<string, string[]>()
  for (const path of new Set([...plan.migrations, ...plan.created.keys()])) {
    if (files.has(path) || !(plan.migrations.has(path) || isMigration(path, folders))) continue
    report.check('migration_name_convention')
    const dir = splitMigration(path)?.dir ?? dirOf(path)
    byDir.set(dir, [...(byDir.get(dir) ?? []), path])
  }
  for (const [dir, paths] of byDir) {
    const folder = folders.get(dir) ?? newFolder(dir, folders)
    if (folder === null) for (const path of paths) reportFolder(checking, path, folders)
    else checkFolder(checking, folder, paths)
  }
}

/** A created file that is one, though the plan does not list it so. */
function isMigration(path: string, folders: ReadonlyMap<string, MigrationFolder>): boolean {
  const split = splitMigration(path)
  const folder = split === null ? undefined : folders.get(split.dir)
  if (split === null || /^(?:__init__|index)$/.test(split.name)) return false
  if (folder !== undefined) return split.tail === folder.tail || readMigration(path) !== null
  return folders.size > 0 && isMigrationPath(path) && readMigration(path) !== null
}

/** Django has a folder of migrations for each app: a new one starts as the others did. */
function newFolder(dir: string, folders: ReadonlyMap<string, MigrationFolder>): MigrationFolder | null {
  const alike = [...folders.values()]
    .filter((folder) => baseOf(folder.dir) === baseOf(dir) && folder.scheme === 'sequence')
    .toSorted((a, b) => (a.dir < b.dir ? -1 : 1))
  const [model] = alike
  return model === undefined || alike.length < 2 ? null : { ...model, dir, all: [], step: 1n }
}

function checkEdited({ plan, files, report }: Checking, folders: ReadonlyMap<string, MigrationFolder>): void {
  const edits = [
    ...[...plan.modified.keys()].map((path) => ({ path, verb: 'modifies' })),
    ...[...plan.deleted].map((path) => ({ path, verb: 'deletes' })),
  ]
  for (const { path, verb } of edits) {
    const folder = folders.get(splitMigration(path)?.dir ?? '')
    const isOne = folder?.all.some((one) => one.path === path) ?? false
    if (folder === undefined || !isOne || !files.has(path)) continue
    report.find({
      rule: 'migration_edited',
      severity: 'error',
      path,
      message: `The plan ${verb} \`${path}\`, a migration that databases may have applied.`,
      evidence: [{ path, line: null, text: `One of ${folder.all.length} migrations in \`${folder.dir}\`` }],
      fix: `Leave it as it is and add \`${nameFor(folder, { number: nextNumber(folder), slug: 'change' })}\` to \`migrations\`.`,
    })
  }
}

function reportFolder({ report }: Checking, path: string, folders: ReadonlyMap<string, MigrationFolder>): void {
  const [largest] = [...folders.values()].toSorted((a, b) => b.all.length - a.all.length || (a.dir < b.dir ? -1 : 1))
  if (largest === undefined) return
  const slug = readMigration(path)?.slug ?? splitMigration(path)?.name ?? 'change'
  report.find({
    rule: 'migration_name_convention',
    severity: 'warning',
    path,
    message: `\`${path}\` is in no folder that has migrations.`,
    evidence: [{ path: largest.dir, line: null, text: `${largest.all.length} migrations` }],
    fix: `Call it \`${nameFor(largest, { number: nextNumber(largest), slug })}\`.`,
  })
}

interface Planned {
  readonly path: string
  readonly name: MigrationName | null
}

function checkFolder(checking: Checking, folder: MigrationFolder, paths: readonly string[]): void {
  const { report } = checking
  if (folder.all.length > 0)
    report.learn({
      name: `names of migrations in \`${folder.dir}\``,
      value: patternOf(folder),
      followed: folder.followed,
      of: folder.of,
    })
  const planned = paths
    .map((path): Planned => ({ path, name: readMigration(path) }))
    .toSorted((a, b) => {
      if (a.name === null || b.name === null) return Number(a.name === null) - Number(b.name === null)
      return compareKeys(a.name.key, b.name.key) || (a.path < b.path ? -1 : 1)
    })
  let expected = nextNumber(folder)
  let before: MigrationName | null = null
  for (const { path, name } of planned) {
    if (name === null || name.scheme !== folder.scheme) {
      reportName(checking, path, { folder, number: expected, text: `does not have ${SCHEME_NAMES[folder.scheme]}` })
      expected = after(expected, folder)
      continue
    }
    checkSpelling(checking, name, folder)
    // `0007_a.up.sql` and `0007_a.down.sql` are one.
    const isPair = before !== null && before.number === name.number && before.slug === name.slug
    if (!isPair && folder.scheme !== 'hash') {
      checkNumber(checking, name, { folder, before, expected })
      expected = after(expected, folder)
    }
    before = name
  }
}

function checkNumber(
  checking: Checking,
  name: MigrationName,
  { folder, before, expected }: { folder: MigrationFolder; before: MigrationName | null; expected: string },
): void {
  const { report } = checking
  report.check('migration_number_taken')
  const { path, number } = name
  const better = nameFor(folder, { number: expected, slug: name.slug, tail: name.tail })
  const taken = folder.all.find((one) => compareKeys(one.key, name.key) === 0)
  const twin = before !== null && compareKeys(before.key, name.key) === 0 ? before : undefined
  const other = taken ?? twin
  if (other !== undefined) {
    report.find({
      rule: 'migration_number_taken',
      severity: 'error',
      path,
      message: `The number ${number} of \`${path}\` is taken by \`${other.path}\`.`,
      evidence: [
        { path: other.path, line: null, text: taken === undefined ? 'Planned as well' : 'In the indexed commit' },
      ],
      fix: `Call it \`${better}\`.`,
    })
    return
  }
  report.check('migration_order')
  const last = folder.all.at(-1)
  const evidence: Evidence[] = last === undefined ? [] : [{ path: last.path, line: null, text: 'The last one' }]
  if (last !== undefined && compareKeys(name.key, last.key) < 0) {
    report.find({
      rule: 'migration_order',
      severity: 'warning',
      path,
      message: `\`${path}\` comes before \`${last.path}\`, which databases may have applied.`,
      evidence,
      fix: `Call it \`${better}\`.`,
    })
    return
  }
  if (folder.scheme !== 'sequence' || (name.key[0] ?? 0n) === BigInt(expected)) return
  report.find({
    rule: 'migration_order',
    severity: 'warning',
    path,
    message: `\`${path}\` has the number ${number}; the next one is ${expected}.`,
    evidence,
    fix: `Call it \`${better}\`.`,
  })
}

function checkSpelling(checking: Checking, name: MigrationName, folder: MigrationFolder): void {
  const faults = [
    ...(folder.width !== null && name.number.length !== folder.width ? [`has no ${folder.width} digits`] : []),
    ...(name.number.length === 14 && folder.scheme === 'timestamp' && !isDate(name.number) ? ['has no date'] : []),
    ...(name.slug !== '' && name.separator !== folder.separator
      ? [`has no \`${folder.separator}\` after its number`]
      : []),
    ...(folder.style !== null && name.slug !== '' && !follows(name.slug, folder.style)
      ? [`is not ${folder.style}`]
      : []),
    ...(folder.all.length > 0 && folder.all.every(({ tail }) => tail !== name.tail)
      ? [`does not end in \`${folder.tail}\``]
      : []),
  ]
  if (faults.length === 0) return
  const number = folder.scheme === 'sequence' ? formatted(name.key[0] ?? 0n, folder) : name.number
  reportName(checking, name.path, { folder, number, text: faults.join(' and ') })
}

function reportName(
  { report }: Checking,
  path: string,
  { folder, number, text }: { folder: MigrationFolder; number: string; text: string },
): void {
  const example = folder.all.at(-1)
  const name = splitMigration(path)?.name ?? baseOf(path)
  report.find({
    rule: 'migration_name_convention',
    severity: 'warning',
    path,
    message: `\`${path}\` ${text}, as migrations in \`${folder.dir}\` are called \`${patternOf(folder)}\`.`,
    evidence:
      example === undefined
        ? []
        : [{ path: example.path, line: null, text: `${folder.followed} of ${folder.of} are so` }],
    fix: `Call it \`${nameFor(folder, { number, slug: readMigration(path)?.slug ?? name.replace(/^[Vv]?[\d_.-]+/, '') })}\`.`,
  })
}

function patternOf({ scheme, width, separator, style, tail, all }: MigrationFolder): string {
  const number =
    scheme === 'version'
      ? 'V<version>'
      : scheme === 'hash'
        ? '<12 hexadecimal digits>'
        : scheme === 'timestamp'
          ? `<${(all.at(-1)?.number ?? '').replaceAll(/\d/g, '0') || 'timestamp'}>`
          : width === null
            ? '<number>'
            : '0'.repeat(width)
  return `${number}${separator}<name${style === null ? '' : ` in ${style}`}>${tail}`
}

function nameFor(folder: MigrationFolder, of: { number: string; slug: string; tail?: string }): string {
  const slug = folder.style === null || follows(of.slug, folder.style) ? of.slug : inStyle(of.slug, folder.style)
  const prefix = folder.scheme === 'version' ? 'V' : ''
  const tail = folder.all.some((one) => one.tail === of.tail) ? (of.tail ?? folder.tail) : folder.tail
  return below(folder.dir, `${prefix}${of.number}${slug === '' ? '' : folder.separator}${slug}${tail}`)
}

/** The number of the next migration: of timestamps the least that is free, as there is no clock here. */
function nextNumber(folder: MigrationFolder): string {
  const last = folder.all.at(-1)
  if (folder.scheme === 'hash') return '<12 hexadecimal digits>'
  if (last === undefined) return formatted(1n, folder)
  if (folder.scheme === 'version') {
    const parts = last.number.split(/[._]/)
    return `${last.number.slice(0, last.number.length - (parts.at(-1)?.length ?? 0))}${BigInt(parts.at(-1) ?? 0) + 1n}`
  }
  if (folder.scheme === 'sequence') return formatted((last.key[0] ?? 0n) + folder.step, folder)
  return laterThan(last.number)
}

function after(number: string, folder: MigrationFolder): string {
  return folder.scheme === 'sequence' ? formatted(BigInt(number) + folder.step, folder) : number
}

function formatted(number: bigint, { width }: MigrationFolder): string {
  return String(number).padStart(width ?? 0, '0')
}

/** A second later, or whatever the last digits count, in the same layout. */
function laterThan(number: string): string {
  const digits = number.replaceAll(/\D/g, '')
  const later = isDate(digits) ? dateAfter(digits) : String(BigInt(digits) + 1n).padStart(digits.length, '0')
  let at = 0
  return number.replaceAll(/\d/g, () => later[at++] ?? '')
}

function dateAfter(digits: string): string {
  const part = (from: number, to: number): number => Number(digits.slice(from, to) || 0)
  const units = { 8: 86_400_000, 12: 60_000, 14: 1_000 }
  const unit = digits.length === 8 || digits.length === 12 ? units[digits.length] : units[14]
  const date = Date.UTC(part(0, 4), part(4, 6) - 1, part(6, 8), part(8, 10), part(10, 12), part(12, 14))
  return new Date(date + unit).toISOString().replaceAll(/\D/g, '').slice(0, digits.length)
}
