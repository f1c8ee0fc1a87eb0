import type { SpecFinding, SpecReport } from '../../contract/specs.ts'
import { count, indexLine, paragraph, rows, section, step, unknownSection } from './sections.ts'
import { cut } from './text-width.ts'
import { plain, styleOf, type Look, type Style } from './text.ts'

const VERDICT = { valid: 'green', invalid: 'red', unknown: 'yellow' } as const
const SEVERITY = { error: 'red', warning: 'yellow', info: 'cyan' } as const

export function renderSpecReport(report: SpecReport, look: Look): string {
  const { verdict, totals, findings, conventions, checked, truncated } = report
  const style = styleOf(look.colors)
  const found = [count(totals.errors, 'error'), count(totals.warnings, 'warning'), count(totals.infos, 'note')].join(
    ', ',
  )
  const head = `${style('bold', 'The plan is')} ${style(VERDICT[verdict], verdict)}  ${found}\n`
  const learned = conventions.map(({ name, value, followed, of }) => [
    name.replaceAll('_', ' '),
    value,
    `${followed} of ${of}`,
  ])
  return [
    head,
    `${style('dim', `${indexLine(report)} · ${count(checked.length, 'rule')} applied`)}\n`,
    ...findings.map((finding) => findingLines(finding, look, style)),
    truncated ? `\n${style('dim', 'There are more findings than are shown.')}\n` : '',
    section('Learned from the repository', rows(learned, look), look),
    unknownSection(report.unknown, look),
  ].join('')
}

function findingLines({ rule, severity, path, message, evidence, fix }: SpecFinding, look: Look, style: Style): string {
  const where = path === null ? '' : `  ${plain(path)}`
  const seen = evidence.map(({ path: at, line, text }) =>
    style('dim', cut(`  ${plain(at)}${line === null ? '' : `:${line}`}  ${plain(text)}`, look.width)),
  )
  return [
    `\n${style(SEVERITY[severity], severity)}${where}  ${style('dim', plain(rule))}\n`,
    paragraph(message, 2, look),
    ...seen.map((line) => `${line}\n`),
    step(fix, look),
  ].join('')
}
