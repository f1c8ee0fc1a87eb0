import { stripVTControlCharacters, styleText } from 'node:util'

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

/** Columns as wide as their widest cell; the last one is cut at the width of the terminal. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { width, style }: { width: number; style: Style },
): string {
  const cells = rows.map((row) => row.map(plain))
  const widths = head.map((name, i) => Math.max(name.length, ...cells.map((row) => row[i]?.length ?? 0)))
  const line = (row: readonly string[]): string => {
    const text = row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ')
    return text.length > width ? `${text.slice(0, width - 1)}…` : text
  }
  return [style('dim', line(head)), ...cells.map(line)].map((text) => `${text}\n`).join('')
}

export function ago(timestamp: string | null): string {
  if (timestamp === null) return '–'
  const seconds = Math.max(0, (Date.now() - Date.parse(timestamp)) / 1000)
  if (seconds < 90) return `${Math.round(seconds)} s ago`
  if (seconds < 5400) return `${Math.round(seconds / 60)} min ago`
  return seconds < 129_600 ? `${Math.round(seconds / 3600)} h ago` : `${Math.round(seconds / 86_400)} d ago`
}

export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB']
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  return `${(bytes / 1000 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power] ?? ''}`
}
