import { baseOf, below, dirOf, relativeTo } from '../graph/resolve/paths.ts'
import { classOf } from '../snapshot/class-of.ts'
import { type Files, stemOf } from './files.ts'
import { createTally, type Learned, learnedAt, type Tally } from './tally.ts'
import { nameOfTest, type Place, placeOf, testFamilyOf, testNameOf, testRootOf } from './test-name.ts'

/** Fewer than of other files: one that stands apart from four is wrong more often than not. */
const MIN_TESTS = 4

/** The tests of a commit. */
export interface TestIndex {
  /** Whether there are tests in the language of a path. */
  hasTests(path: string): boolean
  formAt(path: string): Learned | null
  placeAt(path: string): Learned | null
  /** How many tests of its folder have the form or the place. */
  siblings(path: string, value: string): number
  /** Tests that are called after a source file. */
  namedAfter(source: string): readonly string[]
  /** Where the test of a source file would stand. */
  expected(source: string, of: { form: string; place: Place }): string
}

interface Pair {
  readonly tests: string
  readonly sources: string
  count: number
}

export function indexTests(files: Files): TestIndex {
  const [forms, places] = [new Map<string, Tally>(), new Map<string, Tally>()]
  const bySubject = new Map<string, string[]>()
  const inDir = new Map<string, number>()
  const pairs = new Map<string, Pair>()
  const roots = new Map<string, number>()
  for (const path of files.paths) {
    const name = testNameOf(path)
    const family = name === null ? null : testFamilyOf(path)
    if (name === null || family === null || classOf(path) !== 'test') continue
    const place = placeOf(path)
    tallyOf(forms, family).add(path, name.form)
    tallyOf(places, family).add(path, place)
    push(bySubject, name.subject, path)
    for (const value of [name.form, place]) count(inDir, `${dirOf(path)}\0${family}\0${value}`)
    const root = place === 'apart' ? testRootOf(path) : null
    if (root === null) continue
    count(roots, root.root)
    for (const source of files.withStem(name.subject).slice(0, 20)) notePair(pairs, root, source)
  }
  const learnedOf = (tallies: ReadonlyMap<string, Tally>, path: string): Learned | null => {
    const tally = tallies.get(testFamilyOf(path) ?? '')
    return tally === undefined ? null : learnedAt(tally, dirOf(path), MIN_TESTS)
  }
  return {
    hasTests: (path) => forms.has(testFamilyOf(path) ?? ''),
    formAt: (path) => learnedOf(forms, path),
    placeAt: (path) => learnedOf(places, path),
    siblings: (path, value) => inDir.get(`${dirOf(path)}\0${testFamilyOf(path) ?? ''}\0${value}`) ?? 0,
    namedAfter: (source) =>
      [...subjectsOf(source)].flatMap((subject) =>
        (bySubject.get(subject) ?? []).filter((test) => isTestOf(test, source)),
      ),
    expected: (source, { form, place }) => {
      const name = nameOfTest(form, stemOf(source), source)
      if (place === 'beside') return below(dirOf(source), name)
      if (place === 'nested') return below(below(dirOf(source), '__tests__'), name)
      return below(mirrorOf(dirOf(source), pairs, roots), name)
    },
  }
}

/** Whether a test is for a source file, by the names and folders of both. */
export function isTestOf(test: string, source: string): boolean {
  const name = testNameOf(test)
  if (name === null || testFamilyOf(test) !== testFamilyOf(source)) return false
  const [subject = ''] = name.subject.split('.', 1)
  if (!subjectsOf(source).has(name.subject) && !subjectsOf(source).has(subject)) return false
  const place = placeOf(test)
  if (place === 'apart') return true
  return dirOf(source) === (place === 'nested' ? dirOf(dirOf(test)) : dirOf(test))
}

/** What a test may be called after. */
export function subjectsOf(source: string): ReadonlySet<string> {
  const stem = stemOf(source)
  const folder = baseOf(dirOf(source))
  const whole = baseOf(source)
  const isFolder = stem === 'index' || stem === '__init__'
  return new Set([stem, whole.slice(0, whole.lastIndexOf('.')), `${folder}_${stem}`, ...(isFolder ? [folder] : [])])
}

function notePair(pairs: Map<string, Pair>, { root, rest }: { root: string; rest: string }, source: string): void {
  if (classOf(source) !== 'source' || rest === '') return
  const dir = dirOf(source)
  const sources = dir === rest ? '' : dir.endsWith(`/${rest}`) ? dir.slice(0, dir.length - rest.length - 1) : null
  if (sources === null) return
  const key = `${root}\0${sources}`
  const pair = pairs.get(key)
  if (pair === undefined) pairs.set(key, { tests: root, sources, count: 1 })
  else pair.count++
}

/** The folder of tests that mirrors a folder of sources, or the nearest that there is. */
function mirrorOf(dir: string, pairs: ReadonlyMap<string, Pair>, roots: ReadonlyMap<string, number>): string {
  const [best] = [...pairs.values()]
    .filter(({ sources }) => relativeTo(sources, dir) !== null)
    .toSorted((a, b) => b.sources.length - a.sources.length || b.count - a.count || (a.tests < b.tests ? -1 : 1))
  if (best !== undefined) return below(best.tests, relativeTo(best.sources, dir) ?? '')
  const [nearest] = [...roots]
    .map(([root, uses]) => ({ root, uses, shared: relativeTo(dirOf(root), dir) === null ? -1 : root.length }))
    .toSorted((a, b) => b.shared - a.shared || b.uses - a.uses || (a.root < b.root ? -1 : 1))
  return nearest?.root ?? 'tests'
}

function tallyOf(tallies: Map<string, Tally>, family: string): Tally {
  const known = tallies.get(family)
  if (known !== undefined) return known
  const tally = createTally()
  tallies.set(family, tally)
  return tally
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key)
  if (list === undefined) map.set(key, [value])
  else list.push(value)
}

function count(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1)
}
