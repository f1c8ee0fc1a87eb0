import type {
  CreditEntry,
  CreditGrant,
  getCredits,
  getCreditStatement,
  grantCredits,
  refundCredits,
} from '../../contract/credits.ts'
import type { DataOf } from '../../contract/operation.ts'
import { section } from './sections.ts'
import { listOf, table } from './table.ts'
import { ago, amount, fields, idTextOf, moment, plain, until, type Look, type Renderers } from './text.ts'

type Credits = DataOf<typeof getCredits>
type Statement = DataOf<typeof getCreditStatement>

export const CREDIT_RENDERERS: Renderers = {
  'credits.get': renderCredits,
  'credits.entries': (entries: CreditEntry[], look) => renderEntries(entries, look),
  'credits.statement': renderStatement,
  'credits.grant': ({ granted, available }: DataOf<typeof grantCredits>) =>
    granted
      ? `Given. The organisation now has ${amount(available)} available.\n`
      : `Given before under the same key: nothing was added. ${amount(available)} available.\n`,
  'credits.refund': ({ run, refunded, available }: DataOf<typeof refundCredits>) =>
    `Given back: ${amount(refunded)} of ${run} in all. The organisation now has ${amount(available)} available.\n`,
}

function signed(credits: number): string {
  if (credits === 0) return '–'
  return credits > 0 ? `+${amount(credits)}` : `-${amount(-credits)}`
}

function renderCredits({ available, reserved, usedThisMonth, grants, reservations }: Credits, look: Look): string {
  const facts = fields(
    {
      available: amount(available),
      reserved: reserved === 0 ? null : `${amount(reserved)} for runs under way`,
      'used this month': amount(usedThisMonth),
    },
    look.width,
  )
  const held = reservations.map((one) => [one.run, amount(one.reserved), amount(one.captured), ago(one.since)])
  return [
    facts,
    grants.length === 0
      ? '\nNo credits are left. A plan or a pack adds some: tenon billing\n'
      : section('Spent in this order', grantTable(grants, look), look),
    held.length === 0 ? '' : section('Reserved', table(['RUN', 'RESERVED', 'CHARGED', 'SINCE'], held, look), look),
  ].join('')
}

function grantTable(grants: readonly CreditGrant[], look: Look): string {
  const rows = grants.map(({ kind, amount: given, remaining, expiresAt, note }) => [
    amount(remaining),
    amount(given),
    kind,
    expiresAt === null ? 'never' : until(expiresAt),
    plain(note ?? ''),
  ])
  return table(['LEFT', 'OF', 'FROM', 'EXPIRES', 'NOTE'], rows, look)
}

function renderEntries(entries: readonly CreditEntry[], look: Look): string {
  const idText = idTextOf(look)
  return listOf(entries, look, 'No entries.', ['TIME', 'KIND', 'AVAILABLE', 'RESERVED', 'BALANCE', 'FOR'], (entry) => [
    moment(entry.at),
    entry.kind,
    signed(entry.available),
    signed(entry.reserved),
    amount(entry.availableAfter),
    forText(entry, idText),
  ])
}

/** A run has a name that can be asked for; a grant is told by its note. */
function forText({ run, grant, note }: CreditEntry, idText: (id: string) => string): string {
  const told = note === null ? '' : plain(note)
  if (run !== null) return `${idText(run)} ${told}`.trimEnd()
  return told === '' && grant !== null ? idText(grant) : told
}

function renderStatement(
  { run, reserved, captured, released, refunded, open, entries }: Statement,
  look: Look,
): string {
  const facts = fields(
    {
      run,
      charged: amount(captured),
      'given back': refunded === 0 ? null : amount(refunded),
      'not used': released === 0 ? null : amount(released),
      reserved: open ? amount(reserved) : null,
    },
    look.width,
  )
  return facts + section('Entries', renderEntries(entries, look), look)
}
