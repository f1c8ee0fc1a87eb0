import { PLANS, type PlanName } from '../../contract/plans.ts'
import type { Invoice, InvoiceLine } from './objects.ts'
import { planOfPrice, type StripeSettings } from './settings.ts'

const DAY_S = 86_400
const MONTH_S = (365.25 / 12) * DAY_S
/** A renewal is paid some time after the period has begun: until then what is left of the former one stays. */
const GRACE_S = 3 * DAY_S

export interface InvoiceCredits {
  readonly plan: PlanName
  readonly credits: number
  readonly expiresAt: Date
}

/**
 * What a paid invoice grants; null for nothing.
 *
 * - At the begin of a period: the plan's credits of a month, times the months of the period.
 * - At a change of plan: what the new plan gives for the time that is charged, less what the former one gave for the time
 *   that is credited; nothing for a smaller plan, and nothing is taken back. Of that, the part that is paid with money: what
 *   a change to a smaller plan has left on the balance pays for the way back, and the credits were kept.
 *
 * Prorations that are put on the next renewal are about time that has passed, and grant nothing.
 */
export function creditsOfInvoice(invoice: Invoice, prices: StripeSettings['prices']): InvoiceCredits | null {
  if (invoice.status !== 'paid' || invoice.amountRemainingCents > 0 || invoice.amountPaidCents < invoice.amountDueCents)
    return null
  const lines = invoice.lines.flatMap((line) => {
    const plan = planOfPrice(prices, line.price)
    return plan === null ? [] : [{ ...line, plan }]
  })
  switch (invoice.billingReason) {
    case 'subscription_create':
    case 'subscription_cycle':
      return ofPeriod(lines.filter(({ proration, amountCents }) => !proration && amountCents >= 0))
    case 'subscription_update':
      return ofChange(lines, invoice)
    default:
      return null
  }
}

type PlanLine = InvoiceLine & { readonly plan: PlanName }

function ofPeriod(lines: readonly PlanLine[]): InvoiceCredits | null {
  const largest = lines.reduce<PlanLine | null>(
    (best, line) => (best === null || monthly(line) > monthly(best) ? line : best),
    null,
  )
  if (largest === null) return null
  const months = Math.max(1, Math.round((largest.endsAt - largest.startsAt) / MONTH_S))
  return grantOf(largest, monthly(largest) * months)
}

/** The lines of the former plan are credited, those of the new one charged; where nothing is prorated there is only the new one. */
function ofChange(lines: readonly PlanLine[], { amountDueCents, totalCents }: Invoice): InvoiceCredits | null {
  const largest = ofSign(lines, (cents) => cents >= 0)
  if (largest === null) return null
  const former = ofSign(lines, (cents) => cents < 0)
  const gained = Math.max(0, ofTime(largest) - (former === null ? 0 : ofTime(former)))
  const part = totalCents > 0 ? Math.min(1, amountDueCents / totalCents) : 1
  return grantOf(largest, Math.floor(gained * part))
}

function ofTime(line: PlanLine): number {
  return monthly(line) * Math.max(0, (line.endsAt - line.startsAt) / MONTH_S)
}

function ofSign(lines: readonly PlanLine[], wanted: (cents: number) => boolean): PlanLine | null {
  return lines
    .filter(({ amountCents }) => wanted(amountCents))
    .reduce<PlanLine | null>((best, line) => (best === null || monthly(line) > monthly(best) ? line : best), null)
}

function monthly({ plan }: PlanLine): number {
  return PLANS[plan].creditsPerMonth
}

function grantOf({ plan, endsAt }: PlanLine, credits: number): InvoiceCredits | null {
  return credits <= 0 ? null : { plan, credits, expiresAt: new Date((endsAt + GRACE_S) * 1000) }
}
