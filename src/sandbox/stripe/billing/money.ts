import { refused } from '../core/failure.ts'
import { LARGEST_AMOUNT } from '../core/params.ts'
import type { Price } from '../core/wire.ts'

const WITHOUT_CENTS = new Set([
  'bif',
  'clp',
  'djf',
  'gnf',
  'jpy',
  'kmf',
  'krw',
  'mga',
  'pyg',
  'rwf',
  'ugx',
  'vnd',
  'vuv',
  'xaf',
  'xof',
  'xpf',
])

/** For people: `$20.00`. */
export function shownAmount(amount: number, currency: string): string {
  const value = WITHOUT_CENTS.has(currency) ? amount : amount / 100
  return new Intl.NumberFormat('en-US', { style: 'currency', currency: currency.toUpperCase() }).format(value)
}

/** For people: `$20.00 / month`. */
export function shownPrice({ unit_amount: amount, currency, recurring }: Price): string {
  const each = shownAmount(amount, currency)
  if (recurring === null) return each
  const { interval, interval_count: count } = recurring
  return count === 1 ? `${each} / ${interval}` : `${each} every ${count} ${interval}s`
}

/** @throws StripeFailure `amount_too_large` before a sum leaves what can be charged. */
export function priced(price: Price, quantity: number): number {
  const amount = price.unit_amount * quantity
  if (amount <= LARGEST_AMOUNT) return amount
  const most = shownAmount(LARGEST_AMOUNT, price.currency)
  throw refused(`Amount must be no more than ${most}`, { code: 'amount_too_large', param: 'quantity' })
}
