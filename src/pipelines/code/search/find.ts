import { createHash } from 'node:crypto'
import { CLASSES } from '../snapshot/class-of.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { globOf } from './glob.ts'
import { matcherOf, type Matcher } from './matcher.ts'
import type { Query } from './query.ts'
import { rankOf } from './rank.ts'
import type { ShardStore } from './shard-store.ts'

/** A repository to look through, by the order of the answer. */
export interface Scope {
  readonly id: string
  readonly name: string
  readonly snapshot: Snapshot
}

/** Where looking goes on: before this file, after so many of its matching lines. */
export interface Place {
  readonly class: number
  readonly repository: string
  readonly file: number
  /** Of the path; the file has moved when another commit was published meanwhile. */
  readonly hash: string
  readonly skip: number
}

/** A matching line. */
export interface Hit {
  readonly scope: Scope
  readonly file: number
  /** Of the shard. */
  readonly segment: number
  /** Line and first occurrence in the segment, in bytes or UTF-16 units, as the matcher counts. */
  readonly start: number
  readonly end: number
  readonly at: number
  readonly rank: number
}

export interface Window {
  /** Best first; of equal ones by class, repository, path and line. */
  readonly hits: readonly Hit[]
  /** Where the next window begins; null when everything was looked through. */
  readonly next: Place | null
  readonly matcher: Matcher
}

/**
 * How many matching lines are collected before they are ranked: the least, unless there are fewer; as many as are found
 * in a short time; and the most.
 */
export const WINDOW = { least: 1_000, ms: 5, most: 20_000 } as const

/**
 * Looks through files in the order class, repository, path, from a place on, until a window is full, the deadline (of
 * `performance.now()`) is over, or nothing is left; ranks what it found. `size` is that of a window which was looked
 * through before, so that its pages fit together.
 *
 * @throws QueryError, DamagedError
 */
export function findWindow(
  query: Query,
  scopes: readonly Scope[],
  {
    store,
    from,
    size = null,
    deadline,
  }: { store: ShardStore; from: Place | null; size?: number | null; deadline: number },
): Window {
  const matcher = matcherOf(query)
  const wanted = fileFilter(query)
  const candidates = new Map<string, readonly (Uint8Array | null)[]>()
  const hits: Hit[] = []
  const done = { files: 0 }
  const soon = performance.now() + WINDOW.ms
  const isFull = (): boolean =>
    size === null
      ? hits.length >= WINDOW.most || (hits.length >= WINDOW.least && performance.now() > soon)
      : hits.length >= size
  const begin = from === null ? null : resume(scopes, from)
  let next: Place | null = null
  for (const [place, scope] of placesFrom(scopes, begin)) {
    const { snapshot } = scope
    let marked = candidates.get(scope.id)
    if (marked === undefined) {
      marked = snapshot.shards.map(({ key }) => store.index(key).candidates(matcher.need))
      candidates.set(scope.id, marked)
    }
    if (marked.every((bits) => bits === null)) continue
    next = lookThrough(scope, place, { matcher, wanted, marked, store, deadline, hits, done, isFull })
    if (next !== null) break
  }
  // Sorting is stable, so equal ones stay in the order in which they were found.
  return { hits: hits.toSorted((a, b) => b.rank - a.rank), next, matcher }
}

interface Look {
  readonly matcher: Matcher
  readonly wanted: ReturnType<typeof fileFilter>
  readonly marked: readonly (Uint8Array | null)[]
  readonly store: ShardStore
  readonly deadline: number
  readonly hits: Hit[]
  /** How many files were looked through to their end. */
  readonly done: { files: number }
  isFull(): boolean
}

type Range = Pick<Place, 'class' | 'file' | 'skip'>

function* placesFrom(scopes: readonly Scope[], begin: (Range & { scope: number }) | null): Generator<[Range, Scope]> {
  for (let number = begin?.class ?? 0; number < CLASSES.length; number++) {
    const first = begin !== null && number === begin.class ? begin.scope : 0
    for (let i = first; i < scopes.length; i++) {
      const scope = scopes[i]
      if (scope === undefined) return
      const [start, end] = scope.snapshot.rangeOf(number)
      if (start === end) continue
      const continued = begin !== null && number === begin.class && i === begin.scope
      yield [{ class: number, file: continued ? begin.file : start, skip: continued ? begin.skip : 0 }, scope]
    }
  }
}

/** Collects the matching lines of one class of a repository; answers where it had to stop. */
function lookThrough(scope: Scope, from: Range, look: Look): Place | null {
  const { snapshot } = scope
  const { matcher, marked, store, hits } = look
  const { shardOf, docOf } = snapshot
  const [, until] = snapshot.rangeOf(from.class)
  const stopAt = (file: number, skip: number): Place => ({
    class: from.class,
    repository: scope.id,
    file,
    hash: hashOf(snapshot, file),
    skip,
  })
  for (let file = from.file; file < until; file++) {
    const bits = marked[shardOf[file] ?? 0] ?? null
    if (bits === null) continue
    const key = snapshot.shards[shardOf[file] ?? 0]?.key ?? ''
    const [first, last] = store.index(key).segmentsOf(docOf[file] ?? 0)
    let wanted: boolean | null = null
    let nth = 0
    const skip = file === from.file ? from.skip : 0
    for (let segment = first; segment < last; segment++) {
      if (((bits[segment >> 3] ?? 0) & (1 << (segment & 7))) === 0) continue
      wanted ??= look.wanted(snapshot, file)
      if (!wanted) break
      // One file at least, so that whoever goes on from here gets further.
      if (look.done.files > 0 && performance.now() > look.deadline) return stopAt(file, nth)
      const { bytes, flags } = store.bytes(key, segment)
      let full = false
      matcher.lines(bytes, flags, (text, start, end, at) => {
        if (nth++ < skip) return true
        full = look.isFull()
        if (!full) hits.push({ scope, file, segment, start, end, at: at.start, rank: rankOf(text, start, at) })
        return !full
      })
      if (full) return stopAt(file, nth - 1)
    }
    if (wanted === true) look.done.files++
  }
  return null
}

/** Where a place is now: at the same path when it still is there, else at the same number. */
function resume(scopes: readonly Scope[], place: Place): Range & { scope: number } {
  const scope = scopes.findIndex(({ id }) => id === place.repository)
  const snapshot = scopes[scope]?.snapshot
  if (snapshot === undefined) return { class: place.class, scope: 0, file: 0, skip: 0 }
  const [start, end] = snapshot.rangeOf(place.class)
  let file = Math.min(Math.max(place.file, start), end)
  if (file < end && hashOf(snapshot, file) === place.hash) return { class: place.class, scope, file, skip: place.skip }
  for (let i = start; i < end; i++) if (hashOf(snapshot, i) === place.hash) file = i
  return { class: place.class, scope, file, skip: 0 }
}

function hashOf(snapshot: Snapshot, file: number): string {
  return createHash('sha256').update(snapshot.pathBytes(file)).digest('base64url').slice(0, 8)
}

/** Whether a file is asked for, by language and path. A glob without a slash is about the name alone. */
function fileFilter({ language, path }: Query): (snapshot: Snapshot, file: number) => boolean {
  const matches = path === undefined ? null : globOf(path)
  return (snapshot, file) => {
    if (language !== undefined) {
      const number = snapshot.languageOf[file] ?? 0
      if (number === 0 || snapshot.languages[number - 1] !== language) return false
    }
    return matches === null || matches(snapshot.path(file))
  }
}
