import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { secondWorker, startBillingNode, type BillingNode } from '../../../test/support/billing.ts'
import { createCheckout, getBilling } from '../../contract/billing.ts'
import { getCredits } from '../../contract/credits.ts'

let billing: BillingNode
beforeAll(async () => {
  billing = await startBillingNode()
})
afterAll(() => billing[Symbol.asyncDispose]())

const idOf = (given: string | { id: string } | null): string => (typeof given === 'string' ? given : (given?.id ?? ''))
const TYPES = [
  'customer.subscription.created',
  'customer.subscription.updated',
  'customer.subscription.deleted',
] as const

function permutations<T>(items: readonly T[]): T[][] {
  if (items.length <= 1) return [[...items]]
  return items.flatMap((item, i) => permutations(items.filter((_, j) => j !== i)).map((rest) => [item, ...rest]))
}

const eventOf = (type: string, object: object, version: string) => {
  const id = `evt_${crypto.randomUUID().replaceAll('-', '')}`
  const created = Math.floor(Date.now() / 1000)
  return JSON.stringify({ id, object: 'event', type, api_version: version, created, livemode: false, data: { object } })
}

/** As it looked when the event was made, whatever has become of it since. */
const snapshot = (customer: string, status: string, version: string) =>
  version < '2025-03-31'
    ? { id: 'sub_1', object: 'subscription', customer, status, current_period_end: 1, items: { data: [] } }
    : { id: 'sub_1', object: 'subscription', customer, status, items: { data: [{ current_period_end: 1 }] } }

describe('events of one subscription', () => {
  it.each(['2024-06-20', '2026-10-28.endive'])(
    'in every order, within the same second, in the version %s: the same end',
    async (version) => {
      for (const [n, order] of permutations(TYPES).entries()) {
        const org = await billing.node.onboard(`order-${version.slice(0, 4)}-${n}`)
        const { id } = await org.call(createCheckout, { plan: 'solo' })
        await billing.pay(id)
        await billing.quiet()
        const { subscription } = await org.call(getBilling, {})
        await billing.stripe.subscriptions.cancel(subscription?.id ?? '')
        const { customer } = await billing.stripe.subscriptions.retrieve(subscription?.id ?? '')
        for (const type of order) {
          const status = type.endsWith('deleted') ? 'canceled' : 'active'
          const answer = await billing.deliver(eventOf(type, snapshot(idOf(customer), status, version), version))
          expect(answer.status).toBe(200)
        }
        await billing.quiet()
        expect([order, await org.call(getBilling, {})]).toMatchObject([
          order,
          { subscribedPlan: null, subscription: { status: 'canceled' }, sync: { state: 'synced' } },
        ])
      }
    },
    60_000,
  )

  it('all at once and each ten times, on two nodes: the same end, and credits once', async () => {
    const org = await billing.node.onboard('crowd')
    const { id } = await org.call(createCheckout, { plan: 'team' })
    await billing.pay(id)
    await billing.quiet()
    const { subscription } = await org.call(getBilling, {})
    const { customer, latest_invoice: invoice } = await billing.stripe.subscriptions.retrieve(subscription?.id ?? '')
    const endSecond = secondWorker(billing)
    try {
      const bodies = [
        ...TYPES.map((type) => eventOf(type, snapshot(idOf(customer), 'active', '2024-06-20'), '2024-06-20')),
        eventOf('invoice.paid', { id: idOf(invoice), object: 'invoice', customer }, '2024-06-20'),
        eventOf('invoice.paid', { id: idOf(invoice), object: 'invoice', customer }, '2026-10-28.endive'),
      ]
      const sent = Array.from({ length: 10 }, () => bodies).flat()
      const answers = await Promise.all(sent.map((body) => billing.deliver(body)))
      expect(answers.every(({ status }) => status === 200)).toBe(true)
      await billing.quiet()
      expect(await org.call(getBilling, {})).toMatchObject({
        subscribedPlan: 'team',
        subscription: { status: 'active' },
      })
      expect((await org.call(getCredits, {})).available).toBe(50_100)
    } finally {
      await endSecond()
    }
  })
})
