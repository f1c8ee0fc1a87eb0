import type { Dependencies, DependencyNode } from '../../../contract/graph.ts'
import { cleaned, escaped, INK, quoted, shortened, type Ink } from './draw-text.ts'

/** More than these can't be read on one sheet. */
const MAX_FILES = 120
/** Files in one box. */
const MAX_ROWS = 12
const MAX_DIRECTORY = 44
const MAX_NAME = 56

interface FileRef {
  readonly repository: string
  readonly path: string
}
type Line = 'plain' | 'types' | 'dynamic'
interface Arrow {
  readonly line: Line
  readonly cycle: boolean
  /** From the right side of a box to the left one of another. */
  readonly aside: boolean
}
/** Files that are drawn as one: of one directory, reached in the same way, with nothing beyond them. */
interface Box {
  readonly id: string
  readonly files: readonly (FileRef & { readonly symbol: string | null })[]
  readonly kind: 'target' | 'file' | 'test'
  readonly cycle: boolean
}
interface Drawn {
  /** By a name that a pointer over the box is told. */
  readonly boxes: ReadonlyMap<string, Box>
  readonly arrows: readonly (Arrow & { readonly from: string; readonly to: string })[]
}

/** The neighbourhood of a file as a graph in DOT, from importers on the left to what they import on the right. */
export function dotOf(answer: Dependencies): string {
  const nodes = answer.nodes.toSorted((a, b) => a.distance - b.distance)
  const shown = nodes.slice(0, Math.max(0, MAX_FILES - answer.targets.length))
  const { boxes, arrows } = drawnOf(answer, shown)
  // Where many arrows meet, they need room to be told apart.
  const ranks = (0.7 + boxes.size / 45).toFixed(2)
  const lines = [
    'digraph dependencies {',
    `  graph [rankdir=LR, bgcolor="${INK.paper}", pad=0.3, nodesep=0.14, ranksep=${ranks}, fontname="Helvetica", labelloc=t, labeljust=l, class="sheet",`,
    `    label=${headingOf(answer, { shown, arrows, boxes })}]`,
    `  node [shape=box, style="rounded,filled", fillcolor="${INK.box}", color="${INK.line}", fontcolor="${INK.text}", fontname="Courier", fontsize=11, height=0.3, margin="0.11,0.06", penwidth=1]`,
    `  edge [color="${INK.arrow}", arrowsize=0.6, penwidth=1]`,
    ...[...boxes].map(([name, box]) => `  ${quoted(name)} [${boxAttributes(box, answer.repository)}]`),
    ...arrows.map(({ from, to, ...arrow }) => `  ${quoted(from)} -> ${quoted(to)} [${arrowAttributes(arrow)}]`),
    '}',
  ]
  return `${lines.join('\n')}\n`
}

function drawnOf(answer: Dependencies, shown: readonly DependencyNode[]): Drawn {
  const inCycle = cycleTest(answer)
  const boxes = new Map<string, Box>()
  const boxOf = new Map<string, Box>()
  const put = (id: string, file: FileRef, look: Pick<Box, 'kind' | 'cycle'>, symbol: string | null = null): Box => {
    const before = boxes.get(id)
    const files = [...(before?.files ?? []), { ...file, symbol }]
    const box = { id, files, ...look }
    boxes.set(id, box)
    boxOf.set(keyOf(file), box)
    return box
  }
  for (const target of answer.targets)
    put(keyOf(target), target, { kind: 'target', cycle: inCycle(target) }, target.symbol)
  const parents = new Set(shown.map(({ via }) => keyOf(via)))
  const bothWays = repeated(shown.map(keyOf))
  const groups = groupSizes()
  for (const node of shown) {
    const key = keyOf(node)
    if (boxOf.has(key)) continue
    const id = parents.has(key) || bothWays.has(key) ? key : groups(groupOf(node, inCycle))
    put(id, node, { kind: node.test ? 'test' : 'file', cycle: inCycle(node) })
  }
  // One step nearer, yet not in the list: it was cut from it.
  for (const { via } of shown) if (!boxOf.has(keyOf(via))) put(keyOf(via), via, { kind: 'file', cycle: inCycle(via) })
  const named = namesOf([...boxes.values()], answer.repository)
  const nameAt = (file: FileRef): string => named.get(boxOf.get(keyOf(file))?.id ?? '') ?? ''
  const arrows = new Map<string, Drawn['arrows'][number]>()
  for (const node of shown) {
    const [from, to] = [nameAt(node), nameAt(node.via)]
    const arrow = { line: lineOf(node), cycle: inCycle(node, node.via), aside: !bothWays.has(keyOf(node)) }
    const ends = node.direction === 'dependent' ? { from, to } : { from: to, to: from }
    arrows.set(JSON.stringify([ends.from, ends.to]), { ...ends, ...arrow })
  }
  return {
    boxes: new Map([...boxes].map(([id, box]) => [named.get(id) ?? id, box])),
    arrows: [...arrows.values()],
  }
}

function repeated(keys: readonly string[]): ReadonlySet<string> {
  return new Set(keys.filter((key, i) => keys.indexOf(key) !== i))
}

/** Names the box in which the next file of a group belongs; a full one is followed by another. */
function groupSizes(): (group: string) => string {
  const sizes = new Map<string, number>()
  return (group) => {
    const size = sizes.get(group) ?? 0
    sizes.set(group, size + 1)
    return `${group} ${Math.floor(size / MAX_ROWS)}`
  }
}

function groupOf(node: DependencyNode, inCycle: (...files: FileRef[]) => boolean): string {
  const { repository, path, via, direction, test } = node
  return JSON.stringify([
    repository,
    splitOf(path).directory,
    keyOf(via),
    direction,
    test,
    lineOf(node),
    inCycle(node),
    inCycle(node, via),
  ])
}

/** Whether files stand in one circle of imports. */
function cycleTest({ cycles }: Dependencies): (...files: FileRef[]) => boolean {
  const sets = cycles.map(({ repository, paths }) => new Set(paths.map((path) => keyOf({ repository, path }))))
  return (...files) => sets.some((set) => files.every((file) => set.has(keyOf(file))))
}

function lineOf({ kind, typeOnly }: DependencyNode): Line {
  if (typeOnly) return 'types'
  return kind === 'dynamic' || kind === 'mock' || kind === 'url' || kind === 'reference' ? 'dynamic' : 'plain'
}

const SHAPE: Readonly<Record<Line, string>> = { plain: 'solid', types: 'dashed', dynamic: 'dotted' }

function arrowAttributes({ line, cycle, aside }: Arrow): string {
  const ink = cycle ? `, color="${INK.cycle}", penwidth=1.6` : line === 'dynamic' ? ', penwidth=1.4' : ''
  return `style=${SHAPE[line]}${ink}${aside ? ', tailport=e, headport=w' : ''}, class="${cycle ? 'arrow cycle' : 'arrow'}"`
}

function boxAttributes({ files, kind, cycle }: Box, own: string): string {
  const looks = {
    target: `fillcolor="${INK.target}", color="${INK.target}"`,
    test: `fillcolor="${INK.test}", color="${INK.testLine}"`,
    file: '',
  }
  const ring = cycle ? `color="${INK.cycle}", penwidth=1.6` : ''
  const [first = { repository: own, path: '' }] = files
  const elsewhere = first.repository === own ? '' : `${first.repository}: `
  const directory = `${elsewhere}${splitOf(first.path).directory}`
  const muted = kind === 'target' ? INK.targetMuted : kind === 'test' ? INK.testText : INK.muted
  const ink: Ink | undefined = kind === 'target' ? INK.paper : kind === 'test' ? INK.testText : undefined
  const rows = files.map(({ path, symbol }) => {
    const name = text(shortened(splitOf(path).name, MAX_NAME), { ink, bold: kind === 'target' })
    return symbol === null ? name : `${name}${text(`  ${shortened(symbol, MAX_NAME)}`, { ink: INK.targetMuted })}`
  })
  const above = directory === '' ? [] : [text(shortened(directory, MAX_DIRECTORY), { ink: muted, size: 9 })]
  const attributes = [
    looks[kind],
    ring,
    `class="box ${kind}${cycle ? ' cycle' : ''}"`,
    `label=${table([...above, ...rows])}`,
  ]
  return attributes.filter((one) => one !== '').join(', ')
}

function headingOf(
  answer: Dependencies,
  { shown, arrows, boxes }: Drawn & { shown: readonly DependencyNode[] },
): string {
  const { totals, repository, indexedCommit, truncated } = answer
  const counted = [
    ...(answer.nodes.some(({ direction }) => direction === 'dependent') || totals.dependents > 0
      ? [`${totals.dependents} ${totals.dependents === 1 ? 'file depends' : 'files depend'} on it`]
      : []),
    ...(totals.dependencies > 0 ? [`it depends on ${totals.dependencies}`] : []),
  ]
  const left = totals.dependents + totals.dependencies - shown.length
  const notes = [
    ...(left > 0 ? [`${left} more ${left === 1 ? 'file is' : 'files are'} not drawn: these are the nearest`] : []),
    ...(left <= 0 && truncated ? ['There is more than is drawn'] : []),
    ...(answer.unknown.length > 0 ? ['Not everything could be told: see `unknown` in the JSON answer'] : []),
  ]
  const legend = [
    ...(arrows.some(({ line }) => line === 'types') ? ['dashed: types only'] : []),
    ...(arrows.some(({ line }) => line === 'dynamic') ? ['dotted: dynamic, mock or by URL'] : []),
    ...([...boxes.values()].some(({ cycle }) => cycle) ? ['red: circle of imports'] : []),
    ...([...boxes.values()].some(({ kind }) => kind === 'test') ? ['green: tests'] : []),
  ]
  const commit = indexedCommit === null ? '' : ` at ${indexedCommit.slice(0, 10)}`
  const about = [`${repository}${commit}`, ...(counted.length > 0 ? counted : ['nothing was found'])].join(' · ')
  return table([
    headingLine(titleOf(answer), { ink: INK.text, size: 15, bold: true }),
    headingLine(about, { ink: INK.muted, size: 11 }),
    ...notes.map((note) => headingLine(note, { ink: INK.note, size: 11 })),
    headingLine([...legend, 'an arrow leads to what is imported'].join(' · '), { ink: INK.muted, size: 9 }),
    '<td height="14"></td>',
  ])
}

/** What is drawn, for people. */
export function titleOf({ targets, repository }: Dependencies): string {
  const [first, ...others] = targets
  if (first === undefined) return repository
  const named = first.symbol === null ? first.path : `${first.symbol} in ${first.path}`
  return `${shortened(named, 90)}${others.length === 0 ? '' : ` and ${others.length} more`}`
}

/** Paths by the id of their box; no two are alike, whatever the files are called. */
function namesOf(boxes: readonly Box[], own: string): ReadonlyMap<string, string> {
  const taken = new Set<string>()
  return new Map(
    boxes.map(({ id, files }) => {
      const paths = files.map(({ repository, path }) => cleaned(repository === own ? path : `${repository}: ${path}`))
      let name = [...new Set(paths)].join('\n')
      while (taken.has(name)) name += ' '
      taken.add(name)
      return [id, name]
    }),
  )
}

function splitOf(path: string): { readonly directory: string; readonly name: string } {
  const end = path.lastIndexOf('/') + 1
  return { directory: path.slice(0, end), name: path.slice(end) }
}

function keyOf({ repository, path }: FileRef): string {
  return JSON.stringify([repository, path])
}

function table(rows: readonly string[]): string {
  const cells = rows.map((row) => (row.startsWith('<td') ? row : `<td align="left">${row}</td>`))
  return `<<table border="0" cellborder="0" cellspacing="0" cellpadding="1">${cells.map((cell) => `<tr>${cell}</tr>`).join('')}</table>>`
}

/** Wide enough for a font that is wider than the one that is laid out. */
function headingLine(
  plain: string,
  look: { readonly ink: Ink; readonly size: number; readonly bold?: boolean },
): string {
  return `<td align="left" width="${Math.ceil(plain.length * look.size * 0.64)}">${text(plain, look)}</td>`
}

function text(plain: string, { ink, size, bold }: { ink?: Ink | undefined; size?: number; bold?: boolean }): string {
  const font = [ink === undefined ? '' : ` color="${ink}"`, size === undefined ? '' : ` point-size="${size}"`].join('')
  const inner = bold === true ? `<b>${escaped(plain)}</b>` : escaped(plain)
  return font === '' ? inner : `<font${font}>${inner}</font>`
}
