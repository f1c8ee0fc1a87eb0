import { expect, it } from 'vitest'
import type { Billing } from '../../contract/billing.ts'
import { render } from './render.ts'

const LOOK = { width: 80, colors: false }
const BILLING: Billing = {
  plan: 'team',
  subscribedPlan: 'solo',
  subscription: {
    id: 'sub_1',
    status: 'past_due',
    plan: 'solo',
    price: 'price_1',
    periodEnd: new Date(Date.now() + 5 * 86_400_000 + 60_000).toISOString(),
    cancelAtPeriodEnd: false,
  },
  sync: { state: 'failed', at: null, code: 'rate_limited', nextTryAt: new Date(Date.now() + 40_500).toISOString() },
  plans: ['solo'],
  packs: [{ name: 'small', credits: 1_000 }],
  sandbox: true,
}

it('billing is shown with what is wrong with it, and says that no money is real', () => {
  const text = render('billing.get', { data: BILLING }, LOOK)
  expect(text).toContain('Sandbox: no real money.')
  expect(text).toMatch(/plan +team, solo subscribed to\n/)
  expect(text).toMatch(/subscription +solo, past due\n/)
  expect(text).toMatch(/renews +in 5 d\n/)
  expect(text).toMatch(/Stripe +failed \(rate_limited\), next try in 4\d s\n/)
  expect(text).toMatch(
    /plans +solo\npacks of credits +small 1,000\n\nChange plan or card, cancel: tenon billing portal\n/,
  )
})

it('without a subscription, or with one that ends, it says so', () => {
  const none = { ...BILLING, subscribedPlan: null, subscription: null, plans: [], packs: [], sandbox: false }
  const text = render('billing.sync', { data: none }, LOOK)
  expect(text).not.toContain('Sandbox')
  expect(text).toMatch(/subscription +none\n/)
  expect(text).toMatch(/for sale +nothing\n/)
  const ending = { ...BILLING, subscription: { ...BILLING.subscription, cancelAtPeriodEnd: true } }
  expect(render('billing.get', { data: ending }, LOOK)).toMatch(/ends +in 5 d\n/)
})

it('an address to pay at stays in one piece', () => {
  const url = `http://127.0.0.1:7421/sandbox/checkout/cs_test_${'a'.repeat(80)}`
  const data = { id: 'cs_1', url, expiresAt: '2026-11-22T10:00:00.000Z', sandbox: true }
  const text = render('billing.checkout', { data }, LOOK)
  expect(text).toContain(`\n${url}\n`)
  expect(text).toContain('open until 2026-11-22 10:00:00Z; sandbox: no real money')
})

it('what Stripe has sent is a table, and what it says can do nothing to a terminal', () => {
  const event = {
    id: 'evt_1',
    type: 'invoice.paid\u001B[31m',
    state: 'parked',
    reason: 'unknown_customer',
    tries: 1,
    receivedAt: '2026-11-21T10:00:00.000Z',
  }
  const text = render('webhooks.list', { data: [event] }, { ...LOOK, width: 120 })
  expect(text).toContain('unknown_customer')
  expect(text).not.toContain('\u001B')
  expect(render('webhooks.list', { data: [] }, LOOK)).toBe('Stripe has sent nothing of this kind.\n')
})
