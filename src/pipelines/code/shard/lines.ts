import { fold } from './fold.ts'

/** What to find: one line of text, taken literally. */
export interface Query {
  readonly text: string
  readonly caseSensitive: boolean
}

/** A line that holds the text. Offsets are UTF-16 units. */
export interface LineMatch {
  /** From 1. */
  readonly line: number
  /** Of the first occurrence in the line, from 1. */
  readonly column: number
  /** The line without its end, or a window around the first occurrence. */
  readonly snippet: string
  /** Occurrences in the snippet, `end` exclusive; at most 20. */
  readonly ranges: readonly { readonly start: number; readonly end: number }[]
}

const MAX_SNIPPET = 400
const LEAD = 80
const MAX_RANGES = 20

/** How many lines of a text hold the query. */
export function countLines(text: string, query: Query): number {
  let count = 0
  for (const _ of occurrences(text, query)) count++
  return count
}

/** The first `limit` lines that hold the query, after skipping `skip`. */
export function matchLines(
  text: string,
  query: Query,
  { limit, skip = 0 }: { limit: number; skip?: number },
): LineMatch[] {
  const matches: LineMatch[] = []
  let line = 1
  let counted = 0
  let nth = 0
  for (const { start, end, at } of occurrences(text, query)) {
    if (nth++ < skip) continue
    if (matches.length >= limit) break
    for (let next = text.indexOf('\n', counted); next >= 0 && next < start; next = text.indexOf('\n', counted)) {
      line++
      counted = next + 1
    }
    matches.push(lineMatch(text.slice(start, end).replace(/\r$/, ''), at - start, line, query))
  }
  return matches
}

/** Each matching line once: where it starts and ends, and its first occurrence. */
function* occurrences(text: string, query: Query): Generator<{ start: number; end: number; at: number }> {
  const [hay, needle] = query.caseSensitive ? [text, query.text] : [fold(text), fold(query.text)]
  for (let at = hay.indexOf(needle); at >= 0;) {
    const start = hay.lastIndexOf('\n', at) + 1
    const next = hay.indexOf('\n', at)
    const end = next < 0 ? hay.length : next
    yield { start, end, at }
    at = end >= hay.length ? -1 : hay.indexOf(needle, end + 1)
  }
}

function lineMatch(text: string, at: number, line: number, query: Query): LineMatch {
  const from =
    text.length <= MAX_SNIPPET ? 0 : wholeCharacter(text, Math.max(0, Math.min(at - LEAD, text.length - MAX_SNIPPET)))
  const snippet = text.slice(from, wholeCharacter(text, Math.max(from + MAX_SNIPPET, at + query.text.length)))
  const [hay, needle] = query.caseSensitive ? [snippet, query.text] : [fold(snippet), fold(query.text)]
  const ranges: { start: number; end: number }[] = []
  for (
    let found = hay.indexOf(needle);
    found >= 0 && ranges.length < MAX_RANGES;
    found = hay.indexOf(needle, found + needle.length)
  ) {
    ranges.push({ start: found, end: found + needle.length })
  }
  return { line, column: at + 1, snippet, ranges }
}

/** Never between the two halves of a surrogate pair. */
function wholeCharacter(text: string, at: number): number {
  const unit = text.charCodeAt(at)
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at
}
