import { fold } from '../shard/fold.ts'
import { FLAG } from '../shard/format.ts'
import { needOfText, type Need } from '../shard/need.ts'
import { stringOf } from '../shard/text.ts'
import type { Query, Range } from './query.ts'
import { compileRegex } from './regex.ts'

/**
 * Told of each matching line once: in which text, where the line starts and ends (without its line end), and its first
 * occurrence. Answers whether to go on.
 */
export type OnLine = (text: string, start: number, end: number, first: Range) => boolean

export interface Matcher {
  readonly need: Need
  /** Matching lines of a segment, given in UTF-8 with its flags, in order. */
  lines(bytes: Buffer, flags: number, onLine: OnLine): void
  /** Whether the offsets that `lines` tells are those of bytes; else they are of UTF-16 units. */
  countsBytes(flags: number): boolean
  /** Occurrences in one line, at most so many. */
  ranges(line: string, limit: number): Range[]
}

/** @throws QueryError */
export function matcherOf(query: Query): Matcher {
  return query.mode === 'literal' ? literalMatcher(query) : regexMatcher(query)
}

function literalMatcher({ text: given, caseSensitive }: Query): Matcher {
  const needle = caseSensitive ? given : fold(given)
  const mayMatch = byteTest(given, caseSensitive)
  // A text of ASCII is the same in any encoding: most segments need not be decoded for it.
  const countsBytes = (flags: number): boolean => isAscii(given) && (caseSensitive || (flags & FLAG.foldsToAscii) === 0)
  const find = (text: string, hay: string, onLine: OnLine): void => {
    for (let at = hay.indexOf(needle); at >= 0;) {
      const [start, end] = lineAround(text, at)
      if (!onLine(text, start, end, { start: at, end: at + needle.length })) return
      at = end >= hay.length ? -1 : hay.indexOf(needle, end + 1)
    }
  }
  return {
    need: needOfText(given),
    countsBytes,
    lines: (bytes, flags, onLine) => {
      if (countsBytes(flags)) {
        const text = bytes.toString('latin1')
        return find(text, caseSensitive ? text : text.toLowerCase(), onLine)
      }
      if (!mayMatch(bytes, flags)) return
      const text = stringOf(bytes, flags)
      find(text, caseSensitive ? text : fold(text), onLine)
    },
    ranges: (line, limit) => {
      const hay = caseSensitive ? line : fold(line)
      const ranges: Range[] = []
      for (let at = hay.indexOf(needle); at >= 0 && ranges.length < limit; at = hay.indexOf(needle, at + needle.length))
        ranges.push({ start: at, end: at + needle.length })
      return ranges
    },
  }
}

/** The expression sees one line at a time, and only lines that have the text which every match of it has. */
function regexMatcher({ text: pattern, caseSensitive }: Query): Matcher {
  const { need, expression, literal } = compileRegex(pattern, caseSensitive)
  const anchor = literal === null || caseSensitive ? literal : fold(literal)
  const mayMatch = byteTest(literal, caseSensitive)
  const first = (text: string, start: number, end: number): Range | null => {
    expression.lastIndex = 0
    const match = expression.exec(text.slice(start, end))
    return match === null ? null : { start: start + match.index, end: start + match.index + match[0].length }
  }
  return {
    need,
    countsBytes: () => false,
    lines: (bytes, flags, onLine) => {
      if (!mayMatch(bytes, flags)) return
      const text = stringOf(bytes, flags)
      const hay = anchor === null || caseSensitive ? text : fold(text)
      for (let at = anchor === null ? 0 : hay.indexOf(anchor); at >= 0 && at < text.length;) {
        const [start, end, next] = lineAround(text, at)
        const match = first(text, start, end)
        if (match !== null && !onLine(text, start, end, match)) return
        at = anchor === null || next >= text.length ? next : hay.indexOf(anchor, next)
      }
    },
    ranges: (line, limit) => {
      expression.lastIndex = 0
      const ranges: Range[] = []
      for (const { index, 0: text } of line.matchAll(expression)) {
        if (ranges.length === limit) break
        ranges.push({ start: index, end: index + text.length })
      }
      return ranges
    },
  }
}

/** Most segments that the index offers for a text are refused here, on their bytes. */
function byteTest(literal: string | null, caseSensitive: boolean): (bytes: Buffer, flags: number) => boolean {
  if (literal === null || literal === '') return () => true
  if (caseSensitive) {
    const needle = Buffer.from(literal)
    return (bytes) => bytes.includes(needle)
  }
  const needle = literal.toLowerCase()
  if (!isAscii(literal)) return () => true
  return (bytes, flags) => (flags & FLAG.foldsToAscii) !== 0 || bytes.toString('latin1').toLowerCase().includes(needle)
}

function isAscii(text: string): boolean {
  return !/[^\p{ASCII}]/u.test(text)
}

/** Where the line starts and ends, a carriage return before its end left out, and where the next one starts. */
function lineAround(text: string, at: number): [start: number, end: number, next: number] {
  const start = at === 0 ? 0 : text.lastIndexOf('\n', at - 1) + 1
  const feed = text.indexOf('\n', at)
  const next = feed < 0 ? text.length : feed + 1
  const stop = feed < 0 ? text.length : feed
  return [start, stop > start && text.charCodeAt(stop - 1) === 13 ? stop - 1 : stop, next]
}
