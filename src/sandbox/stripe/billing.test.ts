import type Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { idOf, monthly, sandboxed, type Sandboxed } from '../../../test/support/stripe-sandbox.ts'

const DAY = 86_400
let here: Sandboxed
let stripe: Stripe
beforeEach(async () => {
  here = await sandboxed({ now: () => new Date('2026-01-31T10:00:00Z') })
  stripe = here.stripe
})
afterEach(() => here.sandbox.close())

async function subscribed(amount = 2_000, given: Partial<Stripe.SubscriptionCreateParams> = {}) {
  const customer = await stripe.customers.create({ email: 'ada@example.org' })
  const price = await monthly(stripe, amount)
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    ...given,
  })
  return { customer, price, subscription }
}
const periodEnd = (subscription: Stripe.Subscription): string =>
  new Date((subscription.items.data[0]?.current_period_end ?? 0) * 1000).toISOString()
const invoicesOf = async (subscription: string) => (await stripe.invoices.list({ subscription, limit: 100 })).data
const types = async () => (await stripe.events.list({ limit: 100 })).data.map(({ type }) => type).toReversed()
const statusOf = async (id: string) => (await stripe.subscriptions.retrieve(id)).status

/** What holds of every invoice and charge, whatever happened. */
async function expectConsistent(): Promise<void> {
  for await (const invoice of stripe.invoices.list({ limit: 100 })) {
    expect(invoice.lines.data.reduce((sum, { amount }) => sum + amount, 0)).toBe(invoice.total)
    expect(invoice.amount_paid + invoice.amount_remaining).toBe(invoice.amount_due)
    expect(invoice.amount_due - (invoice.ending_balance ?? 0)).toBe(
      Math.max(0, invoice.total + invoice.starting_balance) - Math.min(0, invoice.total + invoice.starting_balance),
    )
    expect(invoice.status === 'paid').toBe(invoice.amount_remaining === 0)
  }
  for await (const charge of stripe.charges.list({ limit: 100, expand: ['data.refunds'] })) {
    expect(charge.refunds?.data.reduce((sum, { amount }) => sum + amount, 0)).toBe(charge.amount_refunded)
    expect(charge.refunded).toBe(charge.amount_refunded === charge.amount)
  }
}

describe('a subscription', () => {
  it('begins with a paid invoice whose payment leads back to it', async () => {
    const { customer, price, subscription } = await subscribed()
    expect(subscription).toMatchObject({ status: 'active', customer: customer.id, currency: 'usd', livemode: false })
    expect(subscription.items.data).toMatchObject([{ price: { id: price.id, unit_amount: 2_000 }, quantity: 1 }])
    const [invoice] = await invoicesOf(subscription.id)
    expect(invoice).toMatchObject({ status: 'paid', amount_paid: 2_000, billing_reason: 'subscription_create' })
    expect(invoice?.parent?.subscription_details?.subscription).toBe(subscription.id)
    const [charge] = (await stripe.charges.list({ customer: customer.id })).data
    const intent = idOf(charge?.payment_intent)
    const found = await stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: intent } })
    expect(found.data).toMatchObject([{ invoice: invoice?.id, status: 'paid', amount_paid: 2_000 }])
    await expectConsistent()
  })

  it('is renewed once for each period that passes, on the last day of a short month and back on the 31st', async () => {
    const { subscription } = await subscribed()
    expect(periodEnd(subscription)).toBe('2026-02-28T10:00:00.000Z')
    await here.sandbox.advance(28 * DAY)
    expect(periodEnd(await stripe.subscriptions.retrieve(subscription.id))).toBe('2026-03-31T10:00:00.000Z')
    await here.sandbox.advance(365 * DAY - 28 * DAY)
    const invoices = await invoicesOf(subscription.id)
    expect(invoices.map(({ created }) => new Date(created * 1000).toISOString().slice(0, 10)).toReversed()).toEqual(
      '2026-01-31 2026-02-28 2026-03-31 2026-04-30 2026-05-31 2026-06-30 2026-07-31 2026-08-31 2026-09-30 2026-10-31 2026-11-30 2026-12-31 2027-01-31'.split(
        ' ',
      ),
    )
    expect(new Set(invoices.map(({ number }) => number)).size).toBe(invoices.length)
    await expectConsistent()
  })

  it('tells of renewals of several in the order of time', async () => {
    await subscribed()
    await here.sandbox.advance(10 * DAY)
    await subscribed(500)
    await here.sandbox.advance(100 * DAY)
    const events = (await stripe.events.list({ limit: 100 })).data.toReversed()
    const times = events.map(({ created }) => created)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(events.filter(({ type }) => type === 'invoice.paid')).toHaveLength(1 + 3 + 1 + 3)
  })

  it('falls behind when the card declines, is tried after 3, 5 and 7 days, then ends', async () => {
    const { customer, subscription } = await subscribed()
    await here.control(`customers/${customer.id}/card`, { state: 'declines' })
    await here.sandbox.advance(28 * DAY)
    expect(await statusOf(subscription.id)).toBe('past_due')
    const [open] = await invoicesOf(subscription.id)
    expect(open).toMatchObject({ status: 'open', attempt_count: 1, amount_remaining: 2_000 })
    expect((open?.next_payment_attempt ?? 0) - (open?.created ?? 0)).toBe(3 * DAY)
    await here.sandbox.advance(3 * DAY)
    await here.sandbox.advance(5 * DAY)
    expect(await statusOf(subscription.id)).toBe('past_due')
    await here.sandbox.advance(7 * DAY)
    const ended = await stripe.subscriptions.retrieve(subscription.id)
    expect(ended).toMatchObject({ status: 'canceled', cancellation_details: { reason: 'payment_failed' } })
    expect((await types()).filter((type) => type === 'invoice.payment_failed')).toHaveLength(4)
    expect(await types()).toContain('customer.subscription.deleted')
    expect((await stripe.invoices.retrieve(open?.id ?? '')).next_payment_attempt).toBeNull()
    await here.sandbox.advance(90 * DAY)
    expect(await invoicesOf(subscription.id)).toHaveLength(2)
    await expectConsistent()
  })

  it('becomes unpaid in its place when that is set, and active again when somebody pays', async () => {
    await here.control('settings', { afterRetries: 'unpaid' })
    const { customer, subscription } = await subscribed()
    await here.control(`customers/${customer.id}/card`, { state: 'declines' })
    await here.sandbox.advance(28 * DAY + 15 * DAY)
    expect(await statusOf(subscription.id)).toBe('unpaid')
    const [open] = await invoicesOf(subscription.id)
    await expect(stripe.invoices.pay(open?.id ?? '')).rejects.toMatchObject({
      type: 'StripeCardError',
      code: 'card_declined',
      statusCode: 402,
    })
    expect((await stripe.invoices.retrieve(open?.id ?? '')).attempt_count).toBe((open?.attempt_count ?? 0) + 1)
    await here.control(`customers/${customer.id}/card`, { state: 'ok' })
    expect(await stripe.invoices.pay(open?.id ?? '')).toMatchObject({ status: 'paid', amount_paid: 2_000 })
    expect(await statusOf(subscription.id)).toBe('active')
    await expect(stripe.invoices.pay(open?.id ?? '')).rejects.toThrow('already paid')
    await expectConsistent()
  })

  it('recovers at the next retry when the card works again', async () => {
    const { customer, subscription } = await subscribed()
    await here.control(`customers/${customer.id}/card`, { state: 'declines' })
    await here.sandbox.advance(28 * DAY)
    await here.control(`customers/${customer.id}/card`, { state: 'ok' })
    await here.sandbox.advance(3 * DAY)
    expect(await statusOf(subscription.id)).toBe('active')
    await expectConsistent()
  })

  it('waits for its first payment for 23 hours, or does not begin, as was asked for', async () => {
    const customer = await stripe.customers.create()
    const price = await monthly(stripe, 900)
    await here.control(`customers/${customer.id}/card`, { state: 'declines' })
    const order = { customer: customer.id, items: [{ price: price.id }] }
    const waiting = await stripe.subscriptions.create(order)
    expect(waiting.status).toBe('incomplete')
    await expect(
      stripe.subscriptions.create({ ...order, payment_behavior: 'error_if_incomplete' }),
    ).rejects.toMatchObject({ type: 'StripeCardError' })
    expect((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data).toHaveLength(1)
    await here.sandbox.advance(23 * 3_600)
    expect(await statusOf(waiting.id)).toBe('incomplete_expired')
    expect(await invoicesOf(waiting.id)).toMatchObject([{ status: 'void' }])
  })

  it('costs nothing during a trial, announces its end three days before, and is billed then', async () => {
    const { subscription } = await subscribed(2_000, { trial_period_days: 14 })
    expect(subscription.status).toBe('trialing')
    await here.sandbox.advance(11 * DAY)
    expect((await types()).filter((type) => type === 'customer.subscription.trial_will_end')).toHaveLength(1)
    expect(await invoicesOf(subscription.id)).toMatchObject([{ total: 0, status: 'paid' }])
    await here.sandbox.advance(3 * DAY)
    expect(await statusOf(subscription.id)).toBe('active')
    expect((await invoicesOf(subscription.id)).map(({ total }) => total)).toEqual([2_000, 0])
  })

  it('ends with its period when asked to, unless that is taken back', async () => {
    const { subscription } = await subscribed()
    const ending = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })
    expect(ending).toMatchObject({
      status: 'active',
      cancel_at_period_end: true,
      cancel_at: subscription.items.data[0]?.current_period_end,
    })
    const kept = await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: false })
    expect(kept).toMatchObject({ cancel_at: null, canceled_at: null })
    await stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })
    await here.sandbox.advance(40 * DAY)
    const ended = await stripe.subscriptions.retrieve(subscription.id)
    expect(ended).toMatchObject({ status: 'canceled', ended_at: ending.cancel_at })
    expect(await invoicesOf(subscription.id)).toHaveLength(1)
    await expect(stripe.subscriptions.cancel(subscription.id)).rejects.toMatchObject({ code: 'resource_missing' })
    await expect(stripe.subscriptions.update(subscription.id, { cancel_at_period_end: true })).rejects.toThrow(
      /canceled/,
    )
  })

  it('ends at once when cancelled', async () => {
    const { subscription } = await subscribed()
    expect(await stripe.subscriptions.cancel(subscription.id)).toMatchObject({ status: 'canceled' })
    expect((await stripe.subscriptions.list({})).data).toEqual([])
    expect((await stripe.subscriptions.list({ status: 'canceled' })).data).toMatchObject([{ id: subscription.id }])
  })
})

describe('a change of price', () => {
  it('is credited and charged on the next invoice, at once, or not at all', async () => {
    const team = await monthly(stripe, 6_000, 'Team')
    const behaviours = ['create_prorations', 'always_invoice', 'none'] as const
    const made = await Promise.all(behaviours.map(() => subscribed()))
    await here.sandbox.advance(14 * DAY)
    for (const [i, proration_behavior] of behaviours.entries()) {
      const { subscription } = made[i] ?? {}
      const item = subscription?.items.data[0]?.id ?? ''
      const changed = await stripe.subscriptions.update(subscription?.id ?? '', {
        items: [{ id: item, price: team.id }],
        proration_behavior,
      })
      expect(changed.items.data).toMatchObject([{ id: item, price: { id: team.id } }])
    }
    const totals = async () =>
      Promise.all(made.map(async ({ subscription }) => (await invoicesOf(subscription.id)).map(({ total }) => total)))
    expect(await totals()).toEqual([[2_000], [2_000, 2_000], [2_000]])
    await here.sandbox.advance(14 * DAY)
    // Half of the period was left: 1,000 back and 3,000 for the rest.
    expect(await totals()).toEqual([
      [8_000, 2_000],
      [6_000, 2_000, 2_000],
      [6_000, 2_000],
    ])
    await expectConsistent()
  })

  it('to another interval begins a new period, and what is left over pays later invoices', async () => {
    const { customer, subscription } = await subscribed(10_000)
    const small = await stripe.prices.create({
      currency: 'usd',
      unit_amount: 3_000,
      recurring: { interval: 'week' },
      product_data: { name: 'Week' },
    })
    const item = subscription.items.data[0]?.id ?? ''
    const changed = await stripe.subscriptions.update(subscription.id, { items: [{ id: item, price: small.id }] })
    expect(periodEnd(changed)).toBe('2026-02-07T10:00:00.000Z')
    expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ balance: -7_000 })
    await here.sandbox.advance(21 * DAY)
    const invoices = (await invoicesOf(subscription.id)).toReversed()
    expect(invoices.map(({ total, amount_due: due }) => [total, due])).toEqual([
      [10_000, 10_000],
      [-7_000, 0],
      [3_000, 0],
      [3_000, 0],
      [3_000, 2_000],
    ])
    await expectConsistent()
  })
})

describe('a checkout', () => {
  const urls = { success_url: 'http://127.0.0.1:9/done?s={CHECKOUT_SESSION_ID}', cancel_url: 'http://127.0.0.1:9/no' }

  it('makes the subscription that it was bound to, with its metadata', async () => {
    const customer = await stripe.customers.create({ metadata: { org: 'org_1' } })
    const price = await monthly(stripe, 2_500)
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      client_reference_id: 'org_1',
      line_items: [{ price: price.id, quantity: 2 }],
      metadata: { org: 'org_1' },
      subscription_data: { metadata: { org: 'org_1', user: 'usr_1' } },
      ...urls,
      expand: ['line_items.data.price.product'],
    })
    expect(session).toMatchObject({ status: 'open', payment_status: 'unpaid', amount_total: 5_000, subscription: null })
    expect(session.line_items?.data).toMatchObject([
      { quantity: 2, amount_total: 5_000, price: { product: { name: 'Solo' } } },
    ])
    expect((await here.control(`checkout/${session.id}/complete`, { card: 'declines' })).status).toBe(402)
    expect(await here.control(`checkout/${session.id}/complete`).then(({ status }) => status)).toBe(200)
    const done = await stripe.checkout.sessions.retrieve(session.id, { expand: ['subscription'] })
    expect(done).toMatchObject({ status: 'complete', payment_status: 'paid', client_reference_id: 'org_1', url: null })
    expect(done.subscription).toMatchObject({
      status: 'active',
      metadata: { org: 'org_1', user: 'usr_1' },
      customer: customer.id,
    })
    expect((await types()).filter((type) => type === 'checkout.session.completed')).toHaveLength(1)
    expect((await here.control(`checkout/${session.id}/complete`)).status).toBe(400)
  })

  it('takes a payment once, from somebody new or from nobody known', async () => {
    const line = { price_data: { currency: 'usd', unit_amount: 1_500, product_data: { name: 'Pack' } }, quantity: 1 }
    const order = {
      mode: 'payment' as const,
      line_items: [line],
      ...urls,
      payment_intent_data: { metadata: { pack: 'small' } },
    }
    const guest = await stripe.checkout.sessions.create(order)
    const known = await stripe.checkout.sessions.create({
      ...order,
      customer_creation: 'always',
      customer_email: 'bob@example.org',
    })
    expect((await here.control(`checkout/${guest.id}/complete`, { card: 'declines' })).status).toBe(402)
    for (const { id } of [guest, known]) await here.control(`checkout/${id}/complete`, { email: 'eve@example.org' })
    const [one, two] = await Promise.all(
      [guest, known].map(({ id }) => stripe.checkout.sessions.retrieve(id, { expand: ['payment_intent', 'customer'] })),
    )
    expect(one).toMatchObject({
      customer: null,
      customer_details: { email: 'eve@example.org' },
      payment_intent: { status: 'succeeded', metadata: { pack: 'small' } },
    })
    expect(two).toMatchObject({ customer: { email: 'bob@example.org' }, payment_status: 'paid' })
    expect((await stripe.paymentIntents.list()).data).toHaveLength(2)
    expect(
      (await stripe.charges.list({ payment_intent: idOf(one?.payment_intent) })).data.map(({ status }) => status),
    ).toEqual(['succeeded', 'failed'])
  })

  it('is over after a day, or when it is expired', async () => {
    const price = await monthly(stripe, 100)
    const make = () =>
      stripe.checkout.sessions.create({ mode: 'subscription', line_items: [{ price: price.id, quantity: 1 }], ...urls })
    const [one, two] = [await make(), await make()]
    expect(await stripe.checkout.sessions.expire(one.id)).toMatchObject({ status: 'expired', url: null })
    await here.sandbox.advance(DAY)
    expect((await stripe.checkout.sessions.list({ status: 'expired' })).data.map(({ id }) => id)).toEqual([
      two.id,
      one.id,
    ])
    expect((await types()).filter((type) => type === 'checkout.session.expired')).toHaveLength(2)
    expect((await here.control(`checkout/${two.id}/complete`)).status).toBe(400)
    await expect(stripe.checkout.sessions.expire(one.id)).rejects.toThrow(/open/)
  })

  it('refuses what can not be bought', async () => {
    const price = await monthly(stripe, 100)
    const once = await stripe.prices.create({ currency: 'usd', unit_amount: 5, product: idOf(price.product) })
    const make = (given: Partial<Stripe.Checkout.SessionCreateParams>) =>
      stripe.checkout.sessions.create({ mode: 'subscription', ...urls, ...given })
    await expect(make({})).rejects.toMatchObject({ code: 'parameter_missing', param: 'line_items' })
    await expect(make({ line_items: [{ price: once.id, quantity: 1 }] })).rejects.toThrow(/recurring price/)
    await expect(make({ mode: 'payment', line_items: [{ price: price.id, quantity: 1 }] })).rejects.toThrow(
      /recurring price/,
    )
    await expect(make({ line_items: [{ price: 'price_none', quantity: 1 }] })).rejects.toMatchObject({
      code: 'resource_missing',
      param: 'line_items[0][price]',
    })
    await stripe.prices.update(price.id, { active: false })
    await expect(make({ line_items: [{ price: price.id, quantity: 1 }] })).rejects.toThrow(/inactive/)
  })
})

describe('money that goes back', () => {
  it('is refunded in parts, up to what was paid', async () => {
    const { customer } = await subscribed(1_000)
    const [charge] = (await stripe.charges.list({ customer: customer.id })).data
    const id = charge?.id ?? ''
    expect(await stripe.refunds.create({ charge: id, amount: 300 })).toMatchObject({
      amount: 300,
      status: 'succeeded',
      charge: id,
    })
    await expect(stripe.refunds.create({ charge: id, amount: 701 })).rejects.toThrow(/greater than unrefunded amount/)
    await expect(stripe.refunds.create({ charge: id, amount: 0 })).rejects.toMatchObject({
      code: 'parameter_invalid_integer',
    })
    await stripe.refunds.create({ payment_intent: idOf(charge?.payment_intent) })
    expect(await stripe.charges.retrieve(id)).toMatchObject({ amount_refunded: 1_000, refunded: true })
    await expect(stripe.refunds.create({ charge: id })).rejects.toMatchObject({ code: 'charge_already_refunded' })
    expect((await stripe.refunds.list({ charge: id })).data.map(({ amount }) => amount)).toEqual([700, 300])
    const refunded = (await stripe.events.list({ type: 'charge.refunded' })).data
    expect(
      refunded.map(({ data }) => [(data.object as Stripe.Charge).amount_refunded, data.previous_attributes]),
    ).toEqual([
      [1_000, { amount_refunded: 300, refunded: false }],
      [300, { amount_refunded: 0 }],
    ])
    await expectConsistent()
  })

  it('is disputed by a bank, and won or lost', async () => {
    const { customer } = await subscribed(1_000)
    const [charge] = (await stripe.charges.list({ customer: customer.id })).data
    const opened = (await (await here.control('disputes', { charge: charge?.id })).json()) as Stripe.Dispute
    expect(opened).toMatchObject({ amount: 1_000, charge: charge?.id, status: 'needs_response' })
    expect(await stripe.charges.retrieve(charge?.id ?? '')).toMatchObject({ disputed: true })
    await expect(stripe.refunds.create({ charge: charge?.id ?? '' })).rejects.toMatchObject({ code: 'charge_disputed' })
    expect((await here.control('disputes', { charge: charge?.id })).status).toBe(400)
    expect((await here.control(`disputes/${opened.id}/close`, { outcome: 'won' })).status).toBe(200)
    expect(await stripe.disputes.retrieve(opened.id)).toMatchObject({ status: 'won' })
    expect((await stripe.disputes.list({ charge: charge?.id ?? '' })).data).toHaveLength(1)
    expect((await types()).filter((type) => type.startsWith('charge.dispute'))).toEqual([
      'charge.dispute.created',
      'charge.dispute.funds_withdrawn',
      'charge.dispute.closed',
      'charge.dispute.funds_reinstated',
    ])
  })

  it('ends subscriptions when their customer is deleted, of whom a stub remains', async () => {
    const { customer, subscription } = await subscribed()
    expect(await stripe.customers.del(customer.id)).toEqual({ id: customer.id, object: 'customer', deleted: true })
    expect(await stripe.customers.retrieve(customer.id)).toEqual({ id: customer.id, object: 'customer', deleted: true })
    expect(await statusOf(subscription.id)).toBe('canceled')
    expect((await types()).slice(-2)).toEqual(['customer.subscription.deleted', 'customer.deleted'])
    await expect(stripe.customers.update(customer.id, { name: 'x' })).rejects.toMatchObject({
      code: 'resource_missing',
    })
    expect((await stripe.customers.list({ email: 'ada@example.org' })).data).toEqual([])
  })
})
