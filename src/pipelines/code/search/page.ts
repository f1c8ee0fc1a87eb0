import { maskSecrets } from '../mask.ts'
import { FLAG, SEGMENT_BYTES } from '../shard/format.ts'
import { needOfText } from '../shard/need.ts'
import type { ShardIndex } from '../shard/read-shard.ts'
import type { Hit } from './find.ts'
import type { Matcher } from './matcher.ts'
import type { Range } from './query.ts'
import type { ShardStore } from './shard-store.ts'

/** A matching line as it is shown. Offsets are UTF-16 units. */
export interface LineMatch {
  readonly repository: string
  readonly path: string
  /** From 1. */
  readonly line: number
  /** Of the first occurrence in the line, from 1. */
  readonly column: number
  /** The line without its end, or a window around the first occurrence; secrets are masked. */
  readonly snippet: string
  /** Occurrences in the snippet; at most 20. */
  readonly ranges: Range[]
}

const MAX_SNIPPET = 400
const LEAD = 80
const MAX_RANGES = 20
/** Larger texts are masked only around what is shown, by so many units on either side. */
const MASK_WHOLE = 40_000
const MASK_AROUND = 20_000

/** Reads the lines of these hits again, and shows them in their order. @throws DamagedError */
export function showHits(hits: readonly Hit[], matcher: Matcher, store: ShardStore): LineMatch[] {
  const shown = new Map<Hit, LineMatch>()
  for (const group of Map.groupBy(hits, ({ scope, file, segment }) => `${scope.id} ${file} ${segment}`).values()) {
    const [first] = group
    if (first === undefined) continue
    const { snapshot, name } = first.scope
    const path = snapshot.path(first.file)
    const key = snapshot.shards[snapshot.shardOf[first.file] ?? 0]?.key ?? ''
    const { flags } = store.index(key).segment(first.segment)
    const text = store.text(key, first.segment)
    const toUnits = matcher.countsBytes(flags) && (flags & FLAG.ascii) === 0 ? unitsIn(text) : same
    const masked = maskerOf(key, first, store)
    let line = store.index(key).segment(first.segment).lines + 1
    let passed = 0
    for (const counted of group.toSorted((a, b) => a.start - b.start)) {
      const hit = { start: toUnits(counted.start), end: toUnits(counted.end), at: toUnits(counted.at) }
      for (let feed = text.indexOf('\n', passed); feed >= 0 && feed < hit.start; feed = text.indexOf('\n', passed)) {
        line++
        passed = feed + 1
      }
      shown.set(counted, { repository: name, path, line, ...showLine(text, masked, hit, matcher) })
    }
  }
  return hits.flatMap((hit) => shown.get(hit) ?? [])
}

function same(offset: number): number {
  return offset
}

/** From offsets in bytes of UTF-8 to those in UTF-16 units. */
function unitsIn(text: string): (offset: number) => number {
  const bytes = Buffer.from(text)
  return (offset) => bytes.toString('utf8', 0, offset).length
}

/** A part of a segment without its secrets. */
type Masked = (from: number, to: number) => string

/** A secret of several lines may have begun in a segment before, and may end in the one behind. */
function maskerOf(key: string, { scope, file, segment }: Hit, store: ShardStore): Masked {
  const [first, last] = store.index(key).segmentsOf(scope.snapshot.docOf[file] ?? 0)
  const textOf = (one: number): string => (one < first || one >= last ? '' : store.text(key, one))
  const before = mayFollowKey(store.index(key), segment)
    ? openKey(textOf, segment - 1) + textOf(segment - 1)
    : textOf(segment - 1)
  const around = before + textOf(segment) + textOf(segment + 1)
  const part = (from: number, to: number): string => {
    const begin = Math.max(0, before.length + from - MASK_AROUND)
    const masked = maskSecrets(around.slice(begin, before.length + to + MASK_AROUND)).text
    return masked.slice(before.length + from - begin, before.length + to - begin)
  }
  if (around.length > MASK_WHOLE) return part
  const whole = part(0, around.length)
  return (from, to) => whole.slice(from, to)
}

/** Private keys are rare: the index tells where none can have begun. */
const KEY_BEGINS = needOfText('PRIVATE KEY')
const keyBegins = new WeakMap<ShardIndex, Uint8Array>()

function mayFollowKey(index: ShardIndex, segment: number): boolean {
  const known = keyBegins.get(index)
  const bits = known ?? index.candidates(KEY_BEGINS) ?? new Uint8Array(0)
  if (known === undefined) keyBegins.set(index, bits)
  const farthest = Math.max(0, segment - 1 - Math.ceil(MASK_AROUND / (SEGMENT_BYTES / 4)))
  for (let one = farthest; one < segment; one++) if (((bits[one >> 3] ?? 0) & (1 << (one & 7))) !== 0) return true
  return false
}

/** The text before a segment from where a private key begins, which may go on in it; empty when none does. */
function openKey(textOf: (segment: number) => string, segment: number): string {
  let far = ''
  for (let one = segment - 1; far.length < MASK_AROUND; one--) {
    const text = textOf(one)
    if (text === '') break
    far = text + far
  }
  const begin = far.lastIndexOf('-----BEGIN ')
  return begin < 0 ? '' : far.slice(begin)
}

/** The window is cut out of the masked text; what was found stays marked, also where it is masked. */
function showLine(
  text: string,
  masked: Masked,
  { start, end, at }: Pick<Hit, 'start' | 'end' | 'at'>,
  matcher: Matcher,
) {
  const from =
    end - start <= MAX_SNIPPET ? start : wholeCharacter(text, Math.max(start, Math.min(at - LEAD, end - MAX_SNIPPET)))
  const to = Math.min(end, wholeCharacter(text, from + MAX_SNIPPET))
  // An empty occurrence may stand at the end of the line.
  const isShown = (place: number): boolean => place >= from && (place < to || (place === to && to === end))
  const seen = text.slice(from, Math.min(end, to + MAX_QUERY))
  const ranges = (
    end - start <= MAX_LINE
      ? matcher.ranges(text.slice(start, end), MAX_RANGES)
      : matcher.ranges(seen, MAX_RANGES).map(shifted(from - start))
  )
    .filter((range) => isShown(start + range.start))
    .map((range) => ({ start: start + range.start - from, end: Math.min(start + range.end, to) - from }))
  return { column: at - start + 1, snippet: masked(from, to), ranges }
}

/** Of a longer line, only what is shown is looked at for occurrences. */
const MAX_LINE = 20_000
const MAX_QUERY = 1000

function shifted(by: number): (range: Range) => Range {
  return ({ start, end }) => ({ start: start + by, end: end + by })
}

/** Never between the two halves of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at
}
