import { baseOf, dirOf } from '../graph/resolve/paths.ts'
import { bitsBetween, editDistance, lettersOf, toleranceOf } from './edit-distance.ts'

/** The paths of a commit, to be looked up. */
export interface Files {
  readonly paths: readonly string[]
  has(path: string): boolean
  /** Number of files below a folder. */
  below(dir: string): number
  /** Files that differ in case alone, without the path itself. */
  folded(path: string): readonly string[]
  /** Folders that differ in case alone. */
  foldedDirs(dir: string): readonly string[]
  /** Files whose name is this up to the first dot. */
  withStem(stem: string): readonly string[]
  /** The file that may be meant by a path that is not there. */
  nearest(path: string): string | null
}

/** Paths for which similar names are looked for: a plan with more wrong ones has other faults than a wrong letter. */
const MAX_SIMILAR = 100
/** Letters of a name, with its extension. */
const MIN_TELLING = 10

export function foldPath(path: string): string {
  return path.normalize('NFC').toLowerCase()
}

/** The name up to its first dot; of a dot file with the dot. */
export function stemOf(path: string): string {
  const base = baseOf(path)
  const at = base.indexOf('.', 1)
  return at === -1 ? base : base.slice(0, at)
}

export function filesOf(paths: readonly string[]): Files {
  const known = new Set(paths)
  let searches = 0
  const dirs = once(() => countDirs(paths))
  const byFold = once(() => lookUp(paths, foldPath))
  const dirsByFold = once(() => lookUp(dirs().keys(), foldPath))
  const byStem = once(() => lookUp(paths, stemOf))
  const byBase = once(() => lookUp(paths, (path) => baseOf(path).toLowerCase()))
  const bases = once(() => basesByLength(byBase().keys()))
  const inFold = (path: string): readonly string[] =>
    byFold()
      .get(foldPath(path))
      .filter((one) => one !== path)
  const misspelt = (path: string): readonly string[] => {
    if (searches++ >= MAX_SIMILAR) return []
    const base = baseOf(path).toLowerCase()
    const found = similar(base, bases()).flatMap((one) => byBase().get(one))
    // Short names elsewhere are alike by chance.
    return found.filter((one) => base.length >= MIN_TELLING || dirOf(one) === dirOf(path)).slice(0, 200)
  }
  return {
    paths,
    has: (path) => known.has(path),
    below: (dir) => dirs().get(dir) ?? 0,
    folded: inFold,
    foldedDirs: (dir) =>
      dirsByFold()
        .get(foldPath(dir))
        .filter((one) => one !== dir),
    withStem: (stem) => byStem().get(stem),
    nearest: (path) => {
      const plain = path.replaceAll('\\', '/')
      if (plain !== path && known.has(plain)) return plain
      const [cased] = inFold(plain)
      if (cased !== undefined) return cased
      const sameStem = byStem().get(stemOf(plain))
      return (
        closestDir(
          plain,
          sameStem.filter((one) => dirOf(one) === dirOf(plain)),
        ) ??
        closestDir(plain, byBase().get(baseOf(plain).toLowerCase())) ??
        closestDir(plain, misspelt(plain)) ??
        closestDir(plain, sameStem.slice(0, 50))
      )
    },
  }
}

interface LookUp {
  get(key: string): readonly string[]
  keys(): Iterable<string>
}

/** Most keys have one path, so that a list for each would take longer than all else. */
function lookUp(paths: Iterable<string>, keyOf: (path: string) => string): LookUp {
  const found = new Map<string, string | string[]>()
  for (const path of paths) {
    const key = keyOf(path)
    const other = found.get(key)
    if (other === undefined) found.set(key, path)
    else if (typeof other === 'string') found.set(key, [other, path])
    else other.push(path)
  }
  return {
    get: (key) => {
      const one = found.get(key)
      return one === undefined ? [] : typeof one === 'string' ? [one] : one
    },
    keys: () => found.keys(),
  }
}

interface Bases {
  readonly names: string[]
  readonly letters: number[]
}

/** Names of other lengths need not even be looked at. */
function basesByLength(bases: Iterable<string>): ReadonlyMap<number, Bases> {
  const byLength = new Map<number, Bases>()
  for (const base of bases) {
    let alike = byLength.get(base.length)
    if (alike === undefined) byLength.set(base.length, (alike = { names: [], letters: [] }))
    alike.names.push(base)
    alike.letters.push(lettersOf(base))
  }
  return byLength
}

/** Names that are fewest letters away. */
function similar(base: string, bases: ReadonlyMap<number, Bases>): readonly string[] {
  const own = lettersOf(base)
  const widest = toleranceOf(base)
  let most = widest
  let found: string[] = []
  for (let length = base.length - widest; length <= base.length + widest; length++) {
    const { names = [], letters = [] } = widest === 0 ? {} : (bases.get(length) ?? {})
    for (let i = 0; i < names.length; i++) {
      if (bitsBetween(own, letters[i] ?? 0) > 2 * most) continue
      const name = names[i] ?? ''
      const distance = editDistance(base, name, most)
      if (distance === null) continue
      if (distance < most) [most, found] = [distance, []]
      found.push(name)
    }
  }
  return found
}

/** That which shares most folders with the path; among equals the first by name. */
function closestDir(path: string, candidates: readonly string[]): string | null {
  let best: { path: string; score: number } | null = null
  for (const candidate of candidates) {
    const score = likeness(path, candidate)
    if (best === null || score > best.score || (score === best.score && candidate < best.path))
      best = { path: candidate, score }
  }
  return best?.path ?? null
}

function likeness(a: string, b: string): number {
  const [one, other] = [dirOf(a).split('/'), dirOf(b).split('/')]
  const names = new Set(other)
  const shared = one.filter((name) => names.has(name)).length
  return 2 * shared - other.length
}

function countDirs(paths: readonly string[]): ReadonlyMap<string, number> {
  const dirs = new Map<string, number>()
  for (const path of paths)
    for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) {
      const dir = path.slice(0, at)
      dirs.set(dir, (dirs.get(dir) ?? 0) + 1)
    }
  return dirs
}

export function groupBy<T>(all: Iterable<T>, keyOf: (one: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return groups
}

/** Made when it is first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { value: T } | null = null
  return () => (made ??= { value: make() }).value
}
