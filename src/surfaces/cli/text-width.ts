/** How many columns a text takes on a terminal, and how to cut it to fewer. */

const ASCII = /^[\x20-\x7e]*$/
const EMOJI = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F|^\p{Regional_Indicator}{2}|\u20E3/u
/** Marks on the character before, joiners, and the vowels and ends of a Hangul syllable. */
const NO_COLUMN = /[\p{Mn}\p{Me}\p{Cf}\u1160-\u11FF]/u
/** East Asian Width W and F, whole blocks of it. */
const TWO_COLUMNS =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u33FF\u3400-\u4DBF\u4E00-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{1B2FF}\u{1F200}-\u{1F265}\u{20000}-\u{3FFFD}]/u

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Columns of a text without control sequences. */
export function columnsOf(text: string): number {
  if (ASCII.test(text)) return text.length
  let columns = 0
  for (const { segment } of graphemes.segment(text)) columns += columnsOfGrapheme(segment)
  return columns
}

/** What does not fit is cut off at its end. */
export function cut(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  return `${fitting(partsOf(text), width - 1).join('')}…`
}

/** What does not fit is cut off at its begin: of a path, the end says most. */
export function cutBegin(text: string, width: number): string {
  if (columnsOf(text) <= width) return text
  const kept = fitting(partsOf(text).toReversed(), width - 1)
  return `…${kept.toReversed().join('')}`
}

export function padEnd(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columnsOf(text)))
}

export function padStart(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - columnsOf(text))) + text
}

function partsOf(text: string): string[] {
  return Array.from(graphemes.segment(text), ({ segment }) => segment)
}

function fitting(parts: readonly string[], width: number): string[] {
  let columns = 0
  const end = parts.findIndex((part) => (columns += columnsOfGrapheme(part)) > width)
  return parts.slice(0, end === -1 ? parts.length : end)
}

function columnsOfGrapheme(grapheme: string): number {
  if (EMOJI.test(grapheme)) return 2
  let columns = 0
  for (const character of grapheme) columns += NO_COLUMN.test(character) ? 0 : TWO_COLUMNS.test(character) ? 2 : 1
  return columns
}
