import type { Affected, ChangedSymbol, Impact } from '../../contract/impact.ts'
import {
  count,
  cyclesSection,
  indexLine,
  marksOf,
  paragraph,
  placeCell,
  rows,
  section,
  step,
  unknownSection,
} from './sections.ts'
import { cut } from './text-width.ts'
import { plain, styleOf, type Look, type Style } from './text.ts'

const RISK: Readonly<Record<Impact['risk']['level'], 'green' | 'yellow' | 'red'>> = {
  low: 'green',
  medium: 'yellow',
  high: 'red',
  unknown: 'yellow',
}

export function renderImpact(answer: Impact, look: Look): string {
  const { changed, dependents, tests, endpoints, jobs, totals, nextSteps, truncated } = answer
  const style = styleOf(look.colors)
  const steps = nextSteps.map((next) => step(next, look)).join('')
  const direct = totals.dependents === 0 ? '' : `, ${totals.direct} direct`
  return [
    riskOf(answer, look, style),
    section(
      `Changed: ${count(totals.files, 'file', changed.files.length)}, ${count(totals.symbols, 'symbol', changed.symbols.length)}`,
      changes(answer, look, style),
      look,
    ),
    section(
      `Depend on it: ${count(totals.dependents, 'file', dependents.length)}${direct}`,
      dependentRows(answer, look),
      look,
    ),
    section(`Tests to run: ${count(totals.tests, 'file', tests.length)}`, places(tests, answer, look), look),
    section(`Endpoints: ${shownOf(totals.endpoints, endpoints.length)}`, entries(endpoints, answer, look), look),
    section(`Jobs: ${shownOf(totals.jobs, jobs.length)}`, entries(jobs, answer, look), look),
    cyclesSection(answer.cycles, look),
    unknownSection(answer.unknown, look),
    section('Next', steps, look),
    truncated ? `\n${style('dim', 'There is more: raise --depth or --limit.')}\n` : '',
  ].join('')
}

function shownOf(total: number, shown: number): string {
  return shown < total ? `${total}, ${shown} shown` : String(total)
}

function riskOf(answer: Impact, look: Look, style: Style): string {
  const { level, factors } = answer.risk
  const lines = factors.map((factor) => {
    const named = `  ${style(RISK[factor.level], factor.level.padEnd(6))}  ${plain(factor.name.replaceAll('_', ' '))}\n`
    return `${named}${paragraph(factor.detail, 10, look)}`
  })
  const head = `${style('bold', 'Risk:')} ${style(RISK[level], level)}  ${style('dim', indexLine(answer))}\n`
  const { totals, unknown } = answer
  const nothing =
    totals.symbols === 0 && totals.files > 0 ? 'Nothing that others use has changed.' : 'No other file depends on it.'
  const none = totals.dependents === 0 && unknown.length === 0 ? `${nothing}\n` : ''
  return `${head}${none}${lines.join('')}`
}

/** Each file with what has changed in it. */
function changes({ changed }: Impact, look: Look, style: Style): string {
  const byPath = Map.groupBy(changed.symbols, ({ path }) => path)
  const files = changed.files.map(({ path, previousPath, change }) => {
    const from = previousPath === null ? '' : style('dim', ` from ${plain(previousPath)}`)
    const symbols = (byPath.get(path) ?? []).map((symbol) => symbolLines(symbol, look, style))
    return `  ${style('dim', change.padEnd(8))}  ${plain(path)}${from}\n${symbols.join('')}`
  })
  // Symbols that were asked about stand in files that have not changed.
  const listed = new Set(changed.files.map(({ path }) => path))
  const others = [...byPath].flatMap(([path, symbols]) =>
    listed.has(path) ? [] : [`  ${plain(path)}\n${symbols.map((symbol) => symbolLines(symbol, look, style)).join('')}`],
  )
  return [...files, ...others].join('')
}

function symbolLines({ name, kind, change, exported, before, after }: ChangedSymbol, look: Look, style: Style): string {
  const reach = exported ? '' : style('dim', ', not exported')
  const head = `    ${change.padEnd(9)}  ${style('cyan', plain(name))}${style('dim', ` ${plain(kind)}`)}${reach}\n`
  const side = (mark: '-' | '+', text: string | null): string =>
    text === null
      ? ''
      : `      ${style(mark === '-' ? 'red' : 'green', cut(`${mark} ${plain(text)}`, look.width - 6))}\n`
  return `${head}${change === 'signature' ? side('-', before) + side('+', after) : ''}`
}

function dependentRows({ dependents, repository }: Impact, look: Look): string {
  const told = (one: Affected): string => {
    const through = one.distance === 1 ? [] : [`through ${placeCell(one.via, repository, look)}`]
    const names = one.distance === 1 ? one.via.names : []
    return [...marksOf(one), names.join(', '), ...through].filter(Boolean).join(' · ')
  }
  const cells = dependents.map((one) => [
    String(one.distance),
    one.confidence,
    placeCell(one, repository, look),
    told(one),
  ])
  return rows(cells, look)
}

/** Whole and alone on their line, so that they can be handed to a test runner. */
function places(tests: Impact['tests'], { repository }: Impact, look: Look): string {
  const style = styleOf(look.colors)
  return tests
    .map(({ path, reason, ...test }) => {
      const place = test.repository === repository ? path : `${test.repository}: ${path}`
      // The way from a test to the change begins with the test itself, which stands above.
      const why = reason.startsWith(`${path} → `) ? reason.slice(path.length + 1) : reason
      return `  ${plain(place)}\n${style('dim', paragraph(why, 4, look))}`
    })
    .join('')
}

function entries(list: Impact['endpoints'], { repository }: Impact, look: Look): string {
  const titled = list.some(({ title }) => title !== null)
  const cells = list.map(({ method, name, title, line, ...entry }) => [
    method === null ? name : `${method} ${name}`,
    ...(titled ? [title ?? ''] : []),
    `${placeCell(entry, repository, look)}:${line}`,
  ])
  return rows(cells, look)
}
