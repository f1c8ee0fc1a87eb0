import { columnsOf, cut, cutBegin, padEnd, padStart } from './text-width.ts'
import { plain, styleOf, type Look } from './text.ts'

const GAP = 2
/** Several ids, of which as many are shown as there is room for. */
const IDS = /^[a-z]{2,6}_[0-9a-z…]+(?: [a-z]{2,6}_[0-9a-z…]+)+$/
/** A column of text keeps so much, so that what is left still says something; the last one is what can be missed. */
const LEAST = 8
/** Words up to this long are spared while there is a sentence, or a longer word, to cut. */
const SPARED = 24
/** Digits with what may stand among and after them, and nothing. */
const NUMBER = /^(?:[+-]?[\d.,]+(?:\/[\d?]+)?(?: (?:B|kB|MB|GB|!))?|–|)$/
/** What says nothing any more when a part of it is missing: numbers, ids, hashes, times, fields of cron. */
const WHOLE =
  /^(?:[+\d.,/?:TZ -]+(?: (?:B|kB|MB|GB|!))?|[\d*]\S*(?: [\d*]\S*){2} \S+ \S+|[a-z]{2,6}_[0-9a-z…]+|[0-9a-f]{7,64}|(?:in )?\d+ (?:s|min|h|d)(?: ago)?|now|–|)$/

/** What somebody should look at stands out, and what is over steps back. */
const STANDING = ['STATUS', 'STATE', 'OUTCOME']
const TONES: Readonly<Record<string, 'red' | 'yellow' | 'dim'>> = {
  failed: 'red',
  refused: 'red',
  completed_with_errors: 'yellow',
  paused: 'yellow',
  cancelled: 'dim',
  skipped: 'dim',
  revoked: 'dim',
  expired: 'dim',
}

/** A line for each item, or what to say when there is none. */
export function listOf<T>(
  items: readonly T[],
  look: Look,
  empty: string,
  head: readonly string[],
  row: (item: T) => string[],
): string {
  return items.length === 0 ? `${empty}\n` : table(head, items.map(row), look)
}

/**
 * Columns as wide as their widest cell. Where that is too much for the terminal, the widest columns of text are cut with
 * an ellipsis; numbers and ids stay whole, and so does the head. A column without anything in it is left out.
 */
export function table(names: readonly string[], rows: readonly (readonly string[])[], { width, colors }: Look): string {
  const style = styleOf(colors)
  const used = names.flatMap((_, i) => (rows.every((row) => (row[i] ?? '') === '') ? [] : [i]))
  const head = used.map((i) => names[i] ?? '')
  const cells = rows.map((row) => used.map((i) => plain(row[i] ?? '')))
  const columns = head.map((name, i) =>
    columnOf(
      name,
      cells.map((row) => row[i] ?? ''),
      i === head.length - 1 ? columnsOf(name) : LEAST,
    ),
  )
  const widths = fit(columns, width - GAP * (head.length - 1))
  const line = (row: readonly string[]): string => {
    const last = row.findLastIndex((cell) => cell !== '')
    return row
      .slice(0, last + 1)
      .map((cell, i) => {
        const room = widths[i] ?? 0
        if (columns[i]?.isNumber === true) return padStart(cell, room)
        const shown = i === last ? shortened(cell, room) : padEnd(shortened(cell, room), room)
        const tone = STANDING.includes(head[i] ?? '') ? TONES[cell] : undefined
        return tone === undefined ? shown : style(tone, shown)
      })
      .join(' '.repeat(GAP))
  }
  return [style('dim', line(head)), ...cells.map(line)].map((text) => `${text}\n`).join('')
}

interface Column {
  readonly width: number
  /** What it keeps in any case, and what it keeps while others can give way. */
  readonly least: number
  readonly spared: number
  readonly isNumber: boolean
}

function columnOf(name: string, cells: readonly string[], atLeast: number): Column {
  const width = Math.max(columnsOf(name), ...cells.map(columnsOf))
  const isWhole = cells.every((cell) => WHOLE.test(cell))
  const least = isWhole ? width : Math.min(width, Math.max(atLeast, columnsOf(name)))
  return {
    width,
    least,
    spared: width <= SPARED && cells.every((cell) => !cell.includes(' ')) ? width : least,
    isNumber: cells.length > 0 && cells.every((cell) => NUMBER.test(cell)) && cells.some((cell) => /\d/.test(cell)),
  }
}

/** The widest give way first, down to what the next one has; sentences before words. */
function fit(columns: readonly Column[], room: number): number[] {
  const widths = columns.map(({ width }) => width)
  for (const floor of ['spared', 'least'] as const) {
    for (let over = sum(widths) - room; over > 0; over = sum(widths) - room) {
      const open = widths.map((width, i) => (width > (columns[i]?.[floor] ?? 0) ? width : 0))
      const widest = Math.max(...open)
      if (widest === 0) break
      const i = open.lastIndexOf(widest)
      const alike = open.filter((width) => width === widest).length
      const next = Math.max(columns[i]?.[floor] ?? 0, ...open.filter((width) => width < widest))
      widths[i] = Math.max(next, widest - Math.ceil(over / alike))
    }
  }
  return widths
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function shortened(cell: string, room: number): string {
  if (columnsOf(cell) <= room) return cell
  if (isPath(cell)) return cutBegin(cell, room)
  if (!IDS.test(cell)) return cut(cell, room)
  const ids = cell.split(' ')
  const fitting = ids.findLastIndex((_, i) => columnsOf(ids.slice(0, i + 1).join(' ')) + 2 <= room)
  return fitting === -1 ? cut(cell, room) : `${ids.slice(0, fitting + 1).join(' ')} …`
}

/** Not a sentence with a slash in it. */
function isPath(text: string): boolean {
  return /^\S*\/\S*$/.test(text)
}
