import type { Dependencies, DependencyNode } from '../../contract/graph.ts'
import { renderImpact } from './render-impact.ts'
import { renderSpecReport } from './render-spec.ts'
import {
  count,
  cyclesSection,
  indexLine,
  marksOf,
  pathCell,
  placeCell,
  rows,
  section,
  unknownSection,
} from './sections.ts'
import { plain, styleOf, wrap, type Look, type Renderers } from './text.ts'

/** Imports, and what is told from them. */
export const GRAPH_RENDERERS: Renderers = {
  'dependencies.search': renderDependencies,
  'impact.analyze': renderImpact,
  'specs.validate': renderSpecReport,
}

function renderDependencies(answer: Dependencies, look: Look): string {
  const { targets, nodes, totals, unresolved, externals, cycles, unknown, truncated } = answer
  const style = styleOf(look.colors)
  const heads = targets.map(({ path, symbol, line }) => {
    const where = plain(`${path}${line === null ? '' : `:${line}`}`)
    return symbol === null ? style('bold', where) : `${style('bold', plain(symbol))} in ${where}`
  })
  const dependents = nodes.filter(({ direction }) => direction === 'dependent')
  const dependencies = nodes.filter(({ direction }) => direction === 'dependency')
  const nothing = unknown.length === 0 ? 'Nothing was found.' : 'Nothing was found, yet not everything could be told.'
  const failed = unresolved.map(({ path, line, specifier, reason }) => [
    `${pathCell(path, look)}:${line}`,
    specifier ?? 'computed',
    reason.replaceAll('_', ' '),
  ])
  const packages = externals.filter(({ reason }) => reason === 'external').map(({ specifier }) => specifier)
  return [
    ...heads.map((head) => `${head}\n`),
    `${style('dim', indexLine(answer))}\n`,
    nodes.length === 0 && !truncated ? `\n${nothing}\n` : '',
    section(
      `Depend on it: ${count(totals.dependents, 'file', dependents.length)}`,
      nodeRows(dependents, answer, look),
      look,
    ),
    section(
      `It depends on: ${count(totals.dependencies, 'file', dependencies.length)}`,
      nodeRows(dependencies, answer, look),
      look,
    ),
    section('Packages', packages.length === 0 ? '' : listOf(packages, look), look),
    cyclesSection(cycles, look),
    section(`Lead nowhere: ${count(totals.unresolved, 'import', unresolved.length)}`, rows(failed, look), look),
    unknownSection(unknown, look),
    truncated ? `\n${style('dim', 'There is more: raise --depth or --limit.')}\n` : '',
  ].join('')
}

/** Distance, file, and the import it was reached by. */
function nodeRows(nodes: readonly DependencyNode[], { repository }: Dependencies, look: Look): string {
  const cells = nodes.map((node) => {
    const names = node.via.names.join(', ')
    const through = node.distance === 1 ? [] : [`through ${placeCell(node.via, repository, look)}`]
    return [
      String(node.distance),
      placeCell(node, repository, look),
      [...marksOf(node), names, ...through].filter(Boolean).join(' · '),
    ]
  })
  return rows(cells, look)
}

function listOf(names: readonly string[], look: Look): string {
  return wrap(names.map(plain).join(', '), look.width - 2)
    .map((line) => `  ${line}\n`)
    .join('')
}
