import { stripVTControlCharacters, styleText } from 'node:util'
import { columnsOf } from './text-width.ts'

/** What the terminal can show. */
export interface Look {
  /** Columns. */
  readonly width: number
  readonly colors: boolean
}
/** What a person sees of the answer of each operation, by its name. */
export type Renderers = Readonly<Record<string, (data: never, look: Look) => string>>
export type Style = (format: 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan', text: string) => string

export function styleOf(colors: boolean): Style {
  return (format, text) => (colors ? styleText(format, text, { validateStream: false }) : text)
}

/** Controls, and marks that reorder a line: text from elsewhere could take over the terminal by them. */
const UNSAFE = /[\p{Cc}\u2028-\u202e\u2066-\u2069]/gu

/** Text from elsewhere, on one line and without anything that a terminal would act on. */
export function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll('\t', '  ').replaceAll(UNSAFE, '�')
}

/** One line for each value that is there, words that do not fit on further lines below. */
export function fields(values: object, width: number): string {
  const rows = Object.entries(values).filter(([, value]) => value !== null && value !== undefined)
  const indent = Math.max(...rows.map(([name]) => name.length)) + 2
  return rows
    .flatMap(([name, value]) =>
      wrap(plain(String(value)), width - indent).map((line, i) => `${(i === 0 ? name : '').padEnd(indent)}${line}\n`),
    )
    .join('')
}

/** Lines of whole words. */
export function wrap(text: string, width: number, measure: (line: string) => number = columnsOf): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`
    if (lines.length > 0 && measure(longer) > width) lines.push(word)
    else lines[Math.max(0, lines.length - 1)] = longer
  }
  return lines
}

const CODE = /`([^`]+)`/g
/** Longer code may go on in the next line. */
const MOST_UNBROKEN = 40
const UNBROKEN_SPACE = '\u00a0'

/** Lines of whole words, and of whole `code` as far as it is short; a colour stands in place of its marks. */
export function wrapCode(text: string, width: number, colors: boolean): string[] {
  const style = styleOf(colors)
  const unmarked = (line: string): string => (colors ? line.replaceAll('`', '') : line)
  const kept = text.replaceAll(CODE, (marked, code: string) => {
    if (code.length <= MOST_UNBROKEN) return marked.replaceAll(' ', UNBROKEN_SPACE)
    return colors ? code.replaceAll(/\S+/g, '`$&`') : marked
  })
  return wrap(kept, width, (line) => columnsOf(unmarked(line))).map((line) =>
    (colors ? line.replaceAll(CODE, (_, code: string) => style('cyan', code)) : line).replaceAll(UNBROKEN_SPACE, ' '),
  )
}

/** From so many columns on, ids are shown in full. */
const WIDE = 140

/** How ids are written: the end of one tells it from its like, its beginning says what kind of thing it is. */
export function idTextOf({ width }: Look): (id: string) => string {
  return (id) => (width < WIDE ? id.replace(/^([a-z]+_)[0-9a-z]{22}([0-9a-z]{4})$/, '$1…$2') : id)
}

/** A moment as people read it, exact to the second. */
export function moment(timestamp: string): string {
  return timestamp.replace('T', ' ').replace(/(?:\.\d+)?Z$/, 'Z')
}

/** How long ago, or in what time, with the moment itself. */
export function when(timestamp: string | null): string | null {
  if (timestamp === null) return null
  const isPast = Date.parse(timestamp) <= Date.now()
  return `${isPast ? ago(timestamp) : until(timestamp)} (${moment(timestamp)})`
}

export function ago(timestamp: string | null): string {
  return timestamp === null ? '–' : `${span((Date.now() - Date.parse(timestamp)) / 1000)} ago`
}

export function until(timestamp: string | null): string {
  if (timestamp === null) return '–'
  const seconds = (Date.parse(timestamp) - Date.now()) / 1000
  return seconds < 1 ? 'now' : `in ${span(seconds)}`
}

/** A length of time in the unit that people think in. */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.max(0, Math.round(seconds))} s`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

/** `1234567` as `1,234,567`. */
export function amount(count: number): string {
  return count.toLocaleString('en')
}

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ''}`
}
