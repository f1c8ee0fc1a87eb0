import { extname } from 'node:path'
import { baseOf, dirOf, upward } from '../graph/resolve/paths.ts'
import { languageOf } from '../language.ts'
import { classOf } from '../snapshot/class-of.ts'
import type { Checking } from './checking.ts'
import { stemOf } from './files.ts'
import { isMigrationPath } from './migration-name.ts'
import { follows, inStyle, isNameStyle, nameStyleOf } from './name-style.ts'
import { type Counts, createTally, dominant, type Learned, nameOfDir, type Tally } from './tally.ts'

const MIN_FILES = 8

/** What runtimes and tools look for by name, and names with a meaning for a framework, as `[id].tsx` and `_app.tsx`. */
const FIXED = /^(?:index|main|setup|conftest|manage)$|^[^A-Za-z]|^[A-Z0-9_-]+$/

/** Files are called as their neighbours are. */
export function checkFileNames({ plan, files, report }: Checking): void {
  const planned = [...new Set([...plan.created.keys(), ...plan.tests.keys()])].flatMap((path) => {
    const name = files.has(path) || plan.migrations.has(path) ? null : nameOf(path)
    return name === null ? [] : [{ path, name, group: groupOf(path) }]
  })
  const tallies = new Map(planned.map(({ group }) => [group, createTally()]))
  if (planned.length > 0)
    for (const path of files.paths) {
      const tally = tallies.get(groupOf(path))
      if (tally === undefined || classOf(path) === 'built') continue
      const name = nameOf(path)
      if (name !== null) tally.add(path, nameStyleOf(name))
    }
  for (const { path, name, group } of planned) {
    const tally = tallies.get(group)
    const learned = tally === undefined ? null : styleAt(tally, dirOf(path))
    if (learned === null || !isNameStyle(learned.value)) continue
    const { dir, value, followed, of, example } = learned
    report.check('file_name_convention')
    report.learn({ name: `names of ${group} files in ${nameOfDir(dir)}`, value, followed, of })
    if (follows(name, value)) continue
    const better =
      path.slice(0, path.length - baseOf(path).length) + baseOf(path).replace(name, () => inStyle(name, value))
    report.find({
      rule: 'file_name_convention',
      severity: 'warning',
      path,
      message: `\`${baseOf(path)}\` is not ${value}, as names of ${group} files in ${nameOfDir(dir)} are.`,
      evidence: [{ path: example, line: null, text: `${followed} of ${of} names are ${value}` }],
      fix: `Call it \`${better}\`.`,
    })
  }
}

/** Files that are named alike: components often have another style than modules. */
function groupOf(path: string): string {
  const extension = extname(path).toLowerCase()
  if (extension === '.tsx' || extension === '.jsx') return 'component'
  const language = languageOf(path)
  return language === 'javascript' || language === 'typescript' ? 'script' : (language ?? extension.slice(1))
}

/** The part that people choose; null when they had no choice. */
function nameOf(path: string): string | null {
  if (extname(path) === '' || isMigrationPath(path)) return null
  const stem = stemOf(path)
  if (FIXED.test(stem)) return null
  const name = /\.py$/i.test(path)
    ? stem.replace(/^test_|_test$/, '')
    : path.endsWith('.go')
      ? stem.replace(/_test$/, '')
      : stem
  return name === '' ? null : name
}

/** Names of one word tell nothing, except that a style that has capitals was not followed. */
function styleAt(tally: Tally, dir: string): Learned | null {
  for (const at of upward(dir)) {
    const counts = tally.at(at)
    const plain = counts?.by.get('plain')?.count ?? 0
    if (counts === null || counts.total - plain < MIN_FILES) continue
    const told = without(counts, plain)
    const best = dominant(told, at)
    return best?.value === 'PascalCase' ? dominant(counts, at) : best
  }
  return null
}

function without({ total, by }: Counts, plain: number): Counts {
  return { total: total - plain, by: new Map([...by].filter(([value]) => value !== 'plain')) }
}
