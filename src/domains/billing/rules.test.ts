import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decidePlan } from './decide-plan.ts'
import { creditsOfInvoice } from './invoice-credits.ts'
import { idsOfEvent, readInvoice, readSubscription } from './objects.ts'
import { creditsOfRefunds } from './refunded-credits.ts'
import type { Sold } from './settings.ts'

const PRICES = new Map<string, Sold>([
  ['price_solo', { plan: 'solo' }],
  ['price_team', { plan: 'team' }],
  ['price_pack', { pack: 'small' }],
])
const MONTH_S = 30 * 86_400

describe('the plan', () => {
  const one = (id: string, status: string, ...prices: string[]) => ({ id, status, prices })

  it('is the largest that a live subscription gives, by known prices alone', () => {
    const plan = (...subscriptions: ReturnType<typeof one>[]) => decidePlan(subscriptions, PRICES).plan
    expect(plan()).toBeNull()
    for (const status of ['active', 'trialing', 'past_due']) expect(plan(one('a', status, 'price_solo'))).toBe('solo')
    for (const status of ['canceled', 'unpaid', 'incomplete', 'incomplete_expired', 'paused', 'of the future'])
      expect(plan(one('a', status, 'price_team'))).toBeNull()
    expect(plan(one('a', 'active', 'price_solo'), one('b', 'active', 'price_team'))).toBe('team')
    expect(plan(one('a', 'active', 'price_solo', 'price_team'))).toBe('team')
    expect(plan(one('a', 'active', 'price_pack'))).toBeNull()
    expect(decidePlan([one('a', 'active', 'price_x'), one('b', 'canceled', 'price_y')], PRICES)).toEqual({
      plan: null,
      unknownPrices: ['price_x'],
      giving: [],
    })
  })

  it('does not depend on the order in which subscriptions are listed', () => {
    const status = fc.constantFrom('active', 'past_due', 'canceled')
    const price = fc.constantFrom('price_solo', 'price_team', 'price_x')
    const given = fc.array(fc.tuple(status, price), { maxLength: 6 })
    fc.assert(
      fc.property(given, (list) => {
        const all = list.map(([state, own], i) => one(`sub_${i}`, state, own))
        expect(decidePlan(all.toReversed(), PRICES).plan).toBe(decidePlan(all, PRICES).plan)
      }),
    )
  })
})

describe('the credits of an invoice', () => {
  const line = (price: string, { amount = 2_900, months = 1, proration = false } = {}) => ({
    amount,
    period: { start: 0, end: months * MONTH_S },
    pricing: { price_details: { price } },
    parent: { subscription_item_details: { subscription: 'sub_1', proration } },
  })
  const invoice = (reason: string, lines: object[], more: object = {}) =>
    creditsOfInvoice(
      readInvoice({
        id: 'in_1',
        customer: 'cus_1',
        status: 'paid',
        billing_reason: reason,
        amount_due: 2_900,
        amount_paid: 2_900,
        amount_remaining: 0,
        currency: 'usd',
        lines: { data: lines },
        ...more,
      }),
      PRICES,
    )?.credits ?? 0

  it('are those of a month for each month of the period', () => {
    expect(invoice('subscription_create', [line('price_solo')])).toBe(5_000)
    expect(invoice('subscription_cycle', [line('price_team')])).toBe(50_000)
    expect(invoice('subscription_cycle', [line('price_solo', { months: 12 })])).toBe(60_000)
    const prorations = [line('price_team', { amount: 100, proration: true }), line('price_solo')]
    expect(invoice('subscription_cycle', prorations)).toBe(5_000)
  })

  it('are the difference for the time that is left when the plan becomes larger, and nothing when it becomes smaller', () => {
    const half = (price: string, amount: number) => line(price, { amount, months: 0.5, proration: true })
    const larger = invoice('subscription_update', [half('price_solo', -1_450), half('price_team', 4_950)])
    expect(larger).toBeGreaterThan(22_000)
    expect(larger).toBeLessThanOrEqual(22_500)
    expect(invoice('subscription_update', [half('price_team', -4_950), half('price_solo', 1_450)])).toBe(0)
  })

  it('of a change are for the time that is charged, less the time that is credited', () => {
    const year = line('price_solo', { amount: 29_000, months: 12 })
    const left = line('price_solo', { amount: -1_450, months: 0.5, proration: true })
    const credits = invoice('subscription_update', [left, year])
    expect(credits).toBeGreaterThan(56_000)
    expect(credits).toBeLessThanOrEqual(57_500)
  })

  it('of a change are the part that was paid with money, not from the balance', () => {
    const lines = [
      line('price_solo', { amount: -2_900, proration: true }),
      line('price_team', { amount: 9_900, proration: true }),
    ]
    const change = (due: number) =>
      invoice('subscription_update', lines, { total: 7_000, amount_due: due, amount_paid: due })
    const whole = change(7_000)
    expect([change(0), change(3_500)]).toEqual([0, Math.floor(whole / 2)])
    expect(whole).toBeGreaterThan(44_000)
    // Given for nothing by the operator.
    expect(invoice('subscription_update', lines, { total: 0, amount_due: 0, amount_paid: 0 })).toBe(whole)
  })

  it('are none for what is not paid in full, not for a plan, or for something else', () => {
    const lines = [line('price_solo')]
    expect(invoice('subscription_create', lines, { status: 'open' })).toBe(0)
    expect(invoice('subscription_create', lines, { amount_paid: 2_899 })).toBe(0)
    expect(invoice('subscription_create', lines, { amount_remaining: 1 })).toBe(0)
    expect(invoice('manual', lines)).toBe(0)
    expect(invoice('subscription_create', [line('price_x'), line('price_pack')])).toBe(0)
  })
})

describe('refunds', () => {
  const total = ({ parts, rest }: ReturnType<typeof creditsOfRefunds>) =>
    parts.reduce((sum, part) => sum + part.credits, rest)

  it('take back their parts whatever else is given back, and everything together takes back everything', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 5_000 }), { minLength: 1, maxLength: 12 })
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 1_000_000_000 }), (amounts, credits) => {
        const paidCents = amounts.reduce((sum, cents) => sum + cents, 0)
        const refunds = amounts.map((amountCents, i) => ({ id: `re_${i}`, amountCents }))
        const whole = creditsOfRefunds(refunds, { paidCents, credits })
        expect(total(whole)).toBe(credits)
        const some = creditsOfRefunds(refunds.slice(1), { paidCents, credits })
        expect(some).toEqual({ parts: whole.parts.slice(1), rest: 0 })
        expect(total(some)).toBeLessThanOrEqual(credits)
      }),
    )
  })

  it('of more than was paid take back no more than was granted', () => {
    const refunds = [{ id: 're_1', amountCents: 500 }]
    expect(creditsOfRefunds(refunds, { paidCents: 100, credits: 10 })).toEqual({
      parts: [{ id: 're_1', credits: 10 }],
      rest: 0,
    })
    expect(total(creditsOfRefunds(refunds, { paidCents: 0, credits: 10 }))).toBe(0)
  })
})

describe('what is read of objects', () => {
  const base = { id: 'in_1', status: 'paid', amount_due: 1, amount_paid: 1, amount_remaining: 0, currency: 'usd' }
  const lines = { data: [] }

  it.each([
    ['the parent', { parent: { subscription_details: { subscription: 'sub_1' } }, subscription: null, lines }, 'sub_1'],
    ['the former place', { subscription: 'sub_1', lines }, 'sub_1'],
    ['the former place, expanded', { subscription: { id: 'sub_1' }, lines }, 'sub_1'],
    [
      'a line alone',
      {
        lines: {
          data: [
            {
              amount: 1,
              period: { start: 0, end: 1 },
              parent: { subscription_item_details: { subscription: 'sub_1' } },
            },
          ],
        },
      },
      'sub_1',
    ],
    [
      'a line of before',
      { lines: { data: [{ amount: 1, period: { start: 0, end: 1 }, subscription: 'sub_1' }] } },
      'sub_1',
    ],
    ['nowhere, as of one-off invoices', { parent: null, lines }, null],
  ])('the subscription of an invoice, in %s', (_, more, expected) => {
    expect(readInvoice({ ...base, ...more }).subscription).toBe(expected)
  })

  it('the price of a line, in every place that it has had', () => {
    const places = [
      { pricing: { price_details: { price: 'price_1' } } },
      { price: { id: 'price_1' } },
      { plan: { id: 'price_1' } },
    ]
    for (const place of places) {
      const data = [{ amount: 1, period: { start: 0, end: 1 }, ...place }]
      expect(readInvoice({ ...base, lines: { data } }).lines[0]?.price).toBe('price_1')
    }
  })

  it('the end of the period, of the subscription or of its items', () => {
    const common = { id: 'sub_1', customer: 'cus_1', status: 'active', created: 1 }
    const newer = readSubscription({ ...common, items: { data: [{ price: { id: 'p' }, current_period_end: 60 }] } })
    const older = readSubscription({ ...common, current_period_end: 60, items: { data: [{ price: { id: 'p' } }] } })
    expect([newer.periodEnd, older.periodEnd]).toEqual([new Date(60_000), new Date(60_000)])
    expect(readSubscription({ ...common, cancel_at: 5, items: { data: [] } }).cancelAtPeriodEnd).toBe(true)
  })

  it('the ids of an event, whatever else it holds', () => {
    expect(idsOfEvent({ id: 'cus_1', object: 'customer' })).toEqual({ object: 'cus_1', customer: 'cus_1' })
    expect(idsOfEvent({ id: 'in_1', object: 'invoice', customer: { id: 'cus_1' } })).toEqual({
      object: 'in_1',
      customer: 'cus_1',
    })
    for (const odd of [{}, { id: 5, customer: [] }, { id: 'x'.repeat(300), customer: '' }])
      expect(idsOfEvent(odd)).toEqual({ object: null, customer: null })
  })
})
