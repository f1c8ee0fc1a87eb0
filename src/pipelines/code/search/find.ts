import { createHash } from 'node:crypto'
import { CLASSES } from '../snapshot/class-of.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { globOf } from './glob.ts'
import { matcherOf, type Matcher } from './matcher.ts'
import type { Definitions, Query } from './query.ts'
import { RANK, rankOf } from './rank.ts'
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
  /** Its name, by which repositories are ordered. */
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
export const WINDOW = { least: 1_000, ms: 2, most: 20_000 } as const

/** How far to look: to the end of a window that was looked through before, or until it is full or a deadline is over. */
export type Until = { readonly to: Place | null } | { readonly deadline: number; readonly most?: number }

/**
 * Looks through files in the order class, repository, path, from a place on, and ranks what it found. A deadline is a
 * time of `performance.now()`.
 *
 * @throws QueryError, DamagedError
 */
export function findWindow(
  query: Query,
  scopes: readonly Scope[],
  { store, from, until }: { store: ShardStore; from: Place | null; until: Until },
): Window {
  const matcher = matcherOf(query)
  const wanted = fileFilter(query)
  const definitions = definitionsBy(query.definitions ?? [])
  const only = query.definitionsOnly === true
  const candidates = new Map<string, readonly (Uint8Array | null)[]>()
  const hits: Hit[] = []
  const soon = performance.now() + WINDOW.ms
  const isFull = (): boolean =>
    'deadline' in until &&
    (hits.length >= (until.most ?? WINDOW.most) || (hits.length >= WINDOW.least && performance.now() > soon))
  const deadline = 'deadline' in until ? until.deadline : Number.POSITIVE_INFINITY
  const end = 'to' in until && until.to !== null ? resume(scopes, until.to) : null
  const done = { files: 0 }
  const begin = from === null ? null : resume(scopes, from)
  let next: Place | null = null
  for (const [stretch, scope] of stretchesFrom(scopes, begin, end)) {
    const { snapshot } = scope
    let marked = candidates.get(scope.id)
    if (marked === undefined) {
      marked = snapshot.shards.map(({ key }) => store.index(key).candidates(matcher.need))
      candidates.set(scope.id, marked)
    }
    if (marked.every((bits) => bits === null)) continue
    const defined = definitions(scope)
    if (only && defined.size === 0) continue
    const look = { matcher, wanted, marked, store, deadline, hits, done, isFull, defined, only }
    next = lookThrough(scope, stretch, look)
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
  /** Lines that define a symbol, by file; when `only`, no others count. */
  readonly defined: ReadonlyMap<number, ReadonlySet<number>>
  readonly only: boolean
  /** How many files were looked through to their end. */
  readonly done: { files: number }
  isFull(): boolean
}

/** Where a place is now. */
interface Spot {
  readonly class: number
  /** Place in the order of the scopes. */
  readonly scope: number
  readonly file: number
  readonly skip: number
}

/** Files of one class of one repository: from a file, after so many of its lines, to a file, before so many of its lines. */
interface Stretch {
  readonly class: number
  readonly from: { readonly file: number; readonly skip: number }
  readonly to: { readonly file: number; readonly skip: number }
}

function* stretchesFrom(scopes: readonly Scope[], begin: Spot | null, end: Spot | null): Generator<[Stretch, Scope]> {
  for (let number = begin?.class ?? 0; number < CLASSES.length; number++) {
    const at = (spot: Spot | null, scope: number): Spot | null =>
      spot !== null && spot.class === number && spot.scope === scope ? spot : null
    const first = begin !== null && number === begin.class ? begin.scope : 0
    for (const [i, scope] of scopes.entries()) {
      if (i < first) continue
      const [start, stop] = scope.snapshot.rangeOf(number)
      const last = at(end, i)
      if (start < stop)
        yield [
          { class: number, from: at(begin, i) ?? { file: start, skip: 0 }, to: last ?? { file: stop, skip: 0 } },
          scope,
        ]
      if (last !== null) return
    }
    if (end !== null && number >= end.class) return
  }
}

/** Collects the matching lines of a stretch; answers where it had to stop. */
function lookThrough(scope: Scope, { class: number, from, to }: Stretch, look: Look): Place | null {
  const { snapshot } = scope
  const { matcher, marked, store, hits } = look
  const { shardOf, docOf } = snapshot
  for (let file = from.file; file < to.file || (file === to.file && to.skip > 0); file++) {
    const bits = marked[shardOf[file] ?? 0] ?? null
    const defined = look.defined.get(file)
    if (bits === null || (look.only && defined === undefined)) continue
    const key = snapshot.shards[shardOf[file] ?? 0]?.key ?? ''
    const [first, last] = store.index(key).segmentsOf(docOf[file] ?? 0)
    const skip = file === from.file ? from.skip : 0
    const most = file === to.file ? to.skip : Number.POSITIVE_INFINITY
    let wanted: boolean | null = null
    let nth = 0
    for (let segment = first; segment < last; segment++) {
      if (nth >= most) break
      if (((bits[segment >> 3] ?? 0) & (1 << (segment & 7))) === 0) continue
      wanted ??= look.wanted(snapshot, file)
      if (!wanted) break
      // One file at least, so that whoever goes on from here gets further.
      if (look.done.files > 0 && performance.now() > look.deadline) return placeOf(scope, number, file, nth)
      const { bytes, flags } = store.bytes(key, segment)
      const isSymbol = defined === undefined ? never : symbolTest(defined, store.index(key).segment(segment).lines)
      let full = false
      matcher.lines(bytes, flags, (text, start, end, at) => {
        const symbol = isSymbol(text, start)
        if (look.only && !symbol) return true
        if (nth >= most) return false
        if (nth++ < skip) return true
        full = look.isFull()
        const rank = symbol && !full ? symbolRank(rankOf(text, start, at)) : rankOf(text, start, at)
        if (!full) hits.push({ scope, file, segment, start, end, at: at.start, rank })
        return !full
      })
      if (full) return placeOf(scope, number, file, nth - 1)
    }
    if (wanted === true) look.done.files++
  }
  return null
}

function never(): boolean {
  return false
}

/** Whether a line of a segment is one of some lines of the file. Lines are asked for in their order. */
function symbolTest(lines: ReadonlySet<number>, before: number): (text: string, start: number) => boolean {
  let line = before + 1
  let passed = 0
  return (text, start) => {
    for (let feed = text.indexOf('\n', passed); feed >= 0 && feed < start; feed = text.indexOf('\n', passed)) {
      line++
      passed = feed + 1
    }
    return lines.has(line)
  }
}

/** A part of another word, in a line that defines the symbol, is not its definition. */
function symbolRank(rank: number): number {
  return rank === RANK.part ? rank : RANK.symbol
}

/** By repository, then by the number of the file in its snapshot. */
function definitionsBy(definitions: readonly Definitions[]) {
  const byRepository = Map.groupBy(definitions, ({ repository }) => repository)
  const found = new Map<string, ReadonlyMap<number, ReadonlySet<number>>>()
  return ({ id, snapshot }: Scope): ReadonlyMap<number, ReadonlySet<number>> => {
    const known = found.get(id)
    if (known !== undefined) return known
    const files = (byRepository.get(id) ?? []).flatMap(({ path, lines }) => {
      const file = snapshot.find(path)
      return file === null ? [] : [[file, new Set(lines)] as const]
    })
    const made = new Map(files)
    found.set(id, made)
    return made
  }
}

function placeOf({ name, snapshot }: Scope, number: number, file: number, skip: number): Place {
  return { class: number, repository: name, file, hash: hashOf(snapshot, file), skip }
}

/** At the same path when it still is there, else at the same number; in the next repository when that one has gone. */
function resume(scopes: readonly Scope[], place: Place): Spot {
  const order = ({ name }: Scope): number => Buffer.compare(Buffer.from(name), Buffer.from(place.repository))
  const found = scopes.findIndex((one) => order(one) >= 0)
  const scope = found < 0 ? scopes.length : found
  const there = scopes[scope]
  const [start, end] = there?.snapshot.rangeOf(place.class) ?? [0, 0]
  if (there === undefined || order(there) !== 0) return { class: place.class, scope, file: start, skip: 0 }
  const { snapshot } = there
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
