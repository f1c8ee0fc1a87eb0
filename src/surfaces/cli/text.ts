import { stripVTControlCharacters } from 'node:util'

/** How text is laid out: colours only where they were asked for, lines no wider than the terminal. */
export interface Style {
  readonly color: boolean
  /** Columns of the terminal; null where lines are not cut, as in a file. */
  readonly width: number | null
}

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], blue: [34, 39] } as const
export type Tone = keyof typeof CODES

export function paint({ color }: Style, tone: Tone, text: string): string {
  const [on, off] = CODES[tone]
  return color && text !== '' ? `\u001B[${on}m${text}\u001B[${off}m` : text
}

/** Controls, and marks that reorder a line: a file or a server could use them to take over the terminal. */
const UNSAFE = /[\u0000-\u001F\u007F-\u009F\u061C\u200E\u200F\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF]/g

/** Text of others, safe to print, of the same length, so that ranges in it stay true. */
export function plain(text: string): string {
  return text.replaceAll(UNSAFE, (char) => (char === '\t' ? ' ' : '\uFFFD'))
}

const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{1F300}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u
const MARK = /^[\p{Mn}\p{Me}\u200B-\u200D]$/u

export function widthOf(text: string): number {
  let width = 0
  for (const char of stripVTControlCharacters(text)) width += MARK.test(char) ? 0 : WIDE.test(char) ? 2 : 1
  return width
}

/** At most `width` columns, with an ellipsis where something was left out. For text without colours. */
export function fit(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  let kept = ''
  let used = 0
  for (const char of text) {
    const next = widthOf(char)
    if (used + next > width - 1) break
    kept += char
    used += next
  }
  return width > 0 ? `${kept}…` : ''
}

export interface Column<Row> {
  readonly title: string
  /** Of a row, without colours. */
  readonly value: (row: Row) => string
  readonly tone?: (row: Row) => Tone | null
  readonly align?: 'right'
  /** May be shortened down to this many columns; never when left out. */
  readonly shrinkTo?: number
}

const GAP = 2

/** A table that fits the terminal: columns that may are shortened, the widest first. */
export function table<Row>(style: Style, columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map((column) => plain(column.value(row))))
  const widths = columns.map(({ title }, i) =>
    Math.max(widthOf(title), ...cells.map((line) => widthOf(line[i] ?? ''))),
  )
  shrink(columns, widths, style.width)
  const line = (texts: readonly string[], toneOf: (i: number) => Tone | null): string =>
    texts
      .map((text, i) => {
        const width = widths[i] ?? 0
        const short = fit(text, width)
        const fill = ' '.repeat(Math.max(0, width - widthOf(short)))
        const tone = toneOf(i)
        const toned = tone === null ? short : paint(style, tone, short)
        return columns[i]?.align === 'right' ? fill + toned : toned + fill
      })
      .join(' '.repeat(GAP))
      .trimEnd()
  const head = line(
    columns.map(({ title }) => title),
    () => 'dim',
  )
  return [head, ...rows.map((row, r) => line(cells[r] ?? [], (i) => columns[i]?.tone?.(row) ?? null))].join('\n')
}

function shrink<Row>(columns: readonly Column<Row>[], widths: number[], limit: number | null): void {
  if (limit === null) return
  let over = widths.reduce((sum, width) => sum + width, GAP * (widths.length - 1)) - limit
  while (over > 0) {
    const widest = columns
      .map(({ shrinkTo }, i) => ({ i, spare: shrinkTo === undefined ? 0 : (widths[i] ?? 0) - shrinkTo }))
      .reduce((a, b) => (b.spare > a.spare ? b : a))
    if (widest.spare <= 0) return
    widths[widest.i] = (widths[widest.i] ?? 0) - 1
    over--
  }
}

/** Names and values below each other. */
export function facts(style: Style, pairs: readonly (readonly [string, string | null])[]): string {
  const shown = pairs.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))
  const width = Math.max(...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${paint(style, 'dim', name.padEnd(width))}  ${value}`).join('\n')
}

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'] as const

export function bytes(count: number): string {
  const power = Math.min(UNITS.length - 1, count < 1 ? 0 : Math.floor(Math.log10(count) / 3))
  const value = count / 1000 ** power
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${UNITS[power] ?? 'B'}`
}

export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? noun : plural}`
}

export function seconds(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`
}

/** How long ago, in its largest unit. */
export function ago(iso: string, now: Date): string {
  const elapsedS = Math.max(0, Math.round((now.getTime() - Date.parse(iso)) / 1000))
  if (elapsedS < 60) return `${elapsedS} s ago`
  if (elapsedS < 3600) return `${Math.floor(elapsedS / 60)} min ago`
  if (elapsedS < 86_400) return `${Math.floor(elapsedS / 3600)} h ago`
  return `${Math.floor(elapsedS / 86_400)} d ago`
}
