import type { DataOf } from '../../contract/operation.ts'
import { CHECKS, type getReconciliation, type ReconcileReport } from '../../contract/reconcile.ts'
import { count, section } from './sections.ts'
import { table } from './table.ts'
import { amount, fields, idTextOf, plain, styleOf, when, wrap, type Look, type Renderers } from './text.ts'

export const RECONCILE_RENDERERS: Renderers = {
  'reconcile.stripe': renderReport,
  'reconcile.get': renderStatus,
}

const STATES = {
  synced: 'everything agrees',
  pending: 'not compared yet, or changing just now',
  failed: 'something is left',
} as const

function renderStatus(
  { state, reconciledAt, checked, found, repaired }: DataOf<typeof getReconciliation>,
  { width }: Look,
): string {
  const facts = fields(
    {
      state: STATES[state],
      'last compared': when(reconciledAt) ?? 'never',
      compared: amount(checked),
      differed: found === 0 ? null : amount(found),
      repaired: repaired === 0 ? null : amount(repaired),
    },
    width,
  )
  return state === 'failed' ? `${facts}\nWhat is left, and what to do: tenon findings --status open\n` : facts
}

function renderReport(report: ReconcileReport, look: Look): string {
  const { checks, seen } = report
  const rows = checks.map(({ check, checked, found, repaired }) => [
    amount(checked),
    found === 0 ? '–' : amount(found),
    repaired === 0 ? '–' : amount(repaired),
    CHECKS[check].what,
  ])
  const idText = idTextOf(look)
  const things = seen.map(({ kind, subject, org, repaired }) => [
    repaired ? 'repaired' : 'left',
    kind,
    idText(plain(subject)),
    org === null ? '' : idText(org),
  ])
  return [
    headline(report, look),
    `\n${table(['COMPARED', 'DIFFERED', 'REPAIRED', 'WHAT'], rows, look)}`,
    things.length === 0 ? '' : section('What differed', table(['STATE', 'KIND', 'SUBJECT', 'ORG'], things, look), look),
    foot(report, look),
  ].join('')
}

function headline({ verdict, dryRun, stripe, orgs, failed, checks }: ReconcileReport, look: Look): string {
  const style = styleOf(look.colors)
  const left = checks.reduce((sum, { check, found, repaired }) => sum + (CHECKS[check].told ? 0 : found - repaired), 0)
  const mark =
    verdict === 'clean'
      ? style('green', 'Everything agrees')
      : style('yellow', left > 0 ? `${left} left` : 'Not through yet')
  const what = `${count(orgs, 'organisation')} compared${stripe ? ' with Stripe' : '; Stripe is not set up here'}`
  const failures = failed === 0 ? '' : `, ${failed} could not be`
  return `${mark}  ${what}${failures}\n${dryRun ? 'Dry run: nothing was changed.\n' : ''}`
}

function foot({ verdict, dryRun, nextCursor }: ReconcileReport, look: Look): string {
  if (nextCursor !== null) return `\nThere is more: add --cursor ${nextCursor}\n`
  if (verdict === 'clean') return ''
  const next = dryRun
    ? 'Without --dry-run, what can be mended safely is mended.'
    : 'Causes and next steps: `tenon findings --org …` for an organisation, `tenon orphans` for what belongs to none.'
  return `\n${wrap(next, look.width).join('\n')}\n`
}
