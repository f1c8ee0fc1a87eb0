import type { Dependencies, Unknown } from '../../contract/graph.ts'
import { table } from './table.ts'
import { cutBegin } from './text-width.ts'
import { ago, plain, styleOf, wrap, type Look } from './text.ts'

/** Parts of what several answers about imports show alike. */

/** A heading with its lines below; nothing where there are none. */
export function section(heading: string, lines: string, look: Look): string {
  return lines === '' ? '' : `\n${styleOf(look.colors)('bold', heading)}\n${lines}`
}

/** A table without its head, moved in. */
export function rows(cells: readonly (readonly string[])[], look: Look): string {
  if (cells.length === 0) return ''
  const columns = Math.max(...cells.map((row) => row.length))
  const [, ...lines] = table(
    Array.from({ length: columns }, () => ''),
    cells,
    { ...look, width: look.width - 2 },
  ).split('\n')
  return lines
    .filter((line) => line !== '')
    .map((line) => `  ${line.trimEnd()}\n`)
    .join('')
}

/** Lines of whole words, moved in. */
export function paragraph(text: string, indent: number, look: Look): string {
  return wrap(plain(text), look.width - indent)
    .map((line) => `${' '.repeat(indent)}${line}\n`)
    .join('')
}

/** What to do next, moved in. */
export function step(text: string, look: Look): string {
  return wrap(plain(text), look.width - 4)
    .map((line, i) => `  ${i === 0 ? '→' : ' '} ${line}\n`)
    .join('')
}

/** A path in at most half of the width; its end says most. */
export function pathCell(path: string, { width }: Look): string {
  const room = Math.max(24, Math.floor(width / 2))
  return cutBegin(path, room)
}

/** Another repository is named before its path. */
export function placeCell(
  place: { readonly repository: string; readonly path: string },
  own: string,
  look: Look,
): string {
  return pathCell(place.repository === own ? place.path : `${place.repository}: ${place.path}`, look)
}

export function indexLine({
  repository,
  indexedCommit,
  indexedAt,
}: Pick<Dependencies, 'repository' | 'indexedCommit' | 'indexedAt'>): string {
  const commit = indexedCommit === null ? 'not indexed' : `at ${indexedCommit.slice(0, 10)}, indexed ${ago(indexedAt)}`
  return `${plain(repository)} ${commit}`
}

export function cyclesSection(cycles: Dependencies['cycles'], look: Look): string {
  const lines = cycles.map(({ size, paths }) => {
    const more = size > paths.length ? ` and ${size - paths.length} more` : ''
    return paragraph(`${count(size, 'file')}: ${paths.join(', ')}${more}`, 2, look)
  })
  return section('Circles of imports', lines.join(''), look)
}

export function unknownSection(unknown: readonly Unknown[], look: Look): string {
  const style = styleOf(look.colors)
  const lines = unknown.map(({ path, reason, detail }) => {
    const about = `${plain(reason.replaceAll('_', ' '))}${path === null ? '' : `  ${plain(path)}`}`
    return `  ${style('yellow', about)}\n${paragraph(detail, 4, look)}`
  })
  return section('Can not be told', lines.join(''), look)
}

/** `12 files`, or `12 files, 5 shown`. */
export function count(total: number, noun: string, shown = total): string {
  const plural = noun.endsWith('y') ? `${noun.slice(0, -1)}ies` : `${noun}s`
  return `${total} ${total === 1 ? noun : plural}${shown < total ? `, ${shown} shown` : ''}`
}

/** What an import is, where it is no ordinary one. */
export function marksOf({
  kind,
  typeOnly,
  test,
}: {
  readonly kind: string
  readonly typeOnly: boolean
  readonly test?: boolean
}): string[] {
  return [...(typeOnly ? ['types'] : []), ...(kind === 'import' ? [] : [kind]), ...(test === true ? ['test'] : [])]
}
