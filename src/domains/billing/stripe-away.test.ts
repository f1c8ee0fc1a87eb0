import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { secondBilling, secondWorker, startBillingNode, type BillingNode } from '../../../test/support/billing.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { createCheckout, getBilling, syncBilling } from '../../contract/billing.ts'
import { getCredits } from '../../contract/credits.ts'
import { armFailpoint } from '../../kernel/failpoint.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import type { Faults } from '../../sandbox/stripe/index.ts'

let billing: BillingNode
beforeAll(async () => {
  billing = await startBillingNode()
})
afterAll(() => billing[Symbol.asyncDispose]())

const OFF: Partial<Faults> = {
  duplicate: 0,
  reorder: 0,
  delayMs: 0,
  lose: 0,
  drop: 0,
  rateLimit: 0,
  error500: 0,
  error500After: 0,
  webhookApiVersion: null,
}
afterEach(() => billing.sandbox.faults(OFF))

const { query } = {
  query: (text: string, values?: unknown[]) => billing.node.database.query<Record<string, string>>(text, values),
}
/** What waits for its next try does not wait any longer. */
const hurry = async () => {
  await query("update stripe_events set next_try_at = now() where state = 'received' and next_try_at > now()")
  await query("update billing_accounts set next_sync_at = now() where sync_state <> 'synced'")
}
const customers = async (slug: string) =>
  (await billing.stripe.customers.list({ limit: 100 })).data.filter(({ metadata }) => metadata['tenon_slug'] === slug)
const pay = async (org: TestOrg, plan: 'solo' | 'team') => {
  const { id } = await org.call(createCheckout, { plan })
  await billing.pay(id)
}

describe('while Stripe is away', () => {
  it.each([{ error500: 1 }, { rateLimit: 1 }])(
    '%o: what could not be applied is tried again until it holds, and nothing doubles',
    async (fault) => {
      const org = await billing.node.onboard(`away-${Object.keys(fault)[0]?.toLowerCase()}`)
      const { id } = await org.call(createCheckout, { plan: 'solo' })
      billing.sandbox.faults({ ...fault, delayMs: 0 })
      await billing.pay(id)
      await billing.sandbox.settled()
      const failed = async () =>
        (await query("select from stripe_events where state = 'received' and reason is not null")).length > 0
      await waitFor(failed, 20_000)
      expect(await org.call(getBilling, {})).toMatchObject({ subscribedPlan: null })
      expect(await org.error(syncBilling, {})).toMatchObject({ code: 'billing_unavailable' })
      expect((await org.call(getBilling, {})).sync).toMatchObject({ state: 'failed', code: expect.any(String) })
      billing.sandbox.faults(OFF)
      await hurry()
      await billing.quiet()
      expect(await org.call(getBilling, {})).toMatchObject({
        subscribedPlan: 'solo',
        sync: { state: 'synced', code: null },
      })
      expect((await org.call(getCredits, {})).available).toBe(5_100)
    },
  )

  it('an organisation can not be made, and leaves nothing behind', async () => {
    billing.sandbox.faults({ error500: 1 })
    await expect(billing.node.onboard('not-made')).rejects.toThrow('billing_unavailable')
    billing.sandbox.faults(OFF)
    // What may have been made can be looked for only when Stripe is there again.
    await query("update onboardings set lease_until = now() - interval '1 hour' where state in ('stuck', 'running')")
    await billing.node.domains.identity.sweep()
    expect(await query("select from organizations where slug = 'not-made'")).toEqual([])
    expect(await customers('not-made')).toEqual([])
    await billing.node.onboard('not-made')
    expect(await customers('not-made')).toHaveLength(1)
  })

  it('a customer that was made although the answer was an error is found again, not made twice', async () => {
    billing.sandbox.faults({ error500After: 1 })
    await billing.node.onboard('error-after')
    billing.sandbox.faults(OFF)
    expect(await customers('error-after')).toHaveLength(1)
  })
})

describe('what is slow or late', () => {
  it('what was fetched before a later sync is not written over it', async () => {
    const org = await billing.node.onboard('fence')
    await pay(org, 'solo')
    await billing.quiet()
    let resume = (): void => {}
    const halted = new Promise<void>((resolve) => (resume = resolve))
    let fetched = 0
    const disarm = armFailpoint('webhook.fetched', () => (++fetched === 1 ? halted : undefined))
    const slow = org.call(syncBilling, {})
    await waitFor(async () => fetched === 1, 5_000)
    const { subscription } = await org.call(getBilling, {})
    await billing.stripe.subscriptions.cancel(subscription?.id ?? '')
    await billing.sandbox.settled()
    await waitFor(async () => (await org.call(getBilling, {})).subscribedPlan === null, 10_000)
    disarm()
    resume()
    await slow
    expect(await org.call(getBilling, {})).toMatchObject({ subscribedPlan: null, subscription: { status: 'canceled' } })
  })

  it('of many syncs at once none keeps the others from their end', async () => {
    const org = await billing.node.onboard('many-at-once')
    await pay(org, 'solo')
    const answers = await Promise.all(Array.from({ length: 16 }, () => org.call(syncBilling, {})))
    for (const answer of answers) expect(answer).toMatchObject({ subscribedPlan: 'solo', sync: { code: null } })
  })

  it('a sync that was begun by a process that has ended is taken up by another', async () => {
    const org = await billing.node.onboard('taken-up')
    await pay(org, 'team')
    await billing.quiet()
    await query(
      "update billing_accounts a set sync_state = 'pending', fence = fence + 1, next_sync_at = now() from organizations o where o.org_id = a.org_id and slug = 'taken-up'",
    )
    await waitFor(async () => (await org.call(getBilling, {})).sync.state === 'synced', 10_000)
    expect(await org.call(getBilling, {})).toMatchObject({ subscribedPlan: 'team', sync: { nextTryAt: null } })
  })

  it('an event whose worker has ended is claimed by another when its lease is over', async () => {
    const org = await billing.node.onboard('lease')
    await pay(org, 'solo')
    await billing.quiet()
    await query(
      "update stripe_events set state = 'received', claim = claim + 1, next_try_at = now() where type = 'invoice.paid'",
    )
    await billing.quiet()
    expect((await org.call(getCredits, {})).available).toBe(5_100)
  })

  it('events that were never delivered are taken from the list of Stripe', async () => {
    const org = await billing.node.onboard('dropped')
    billing.sandbox.faults({ drop: 1 })
    await pay(org, 'solo')
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ subscribedPlan: null })
    billing.sandbox.faults(OFF)
    const later = { now: () => new Date(Date.now() + 300_000) }
    for (const task of secondBilling(billing, later).tasks) await task()
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ subscribedPlan: 'solo' })
    expect((await org.call(getCredits, {})).available).toBe(5_100)
  })

  it('with every fault at once, on two nodes, the end is the same', async () => {
    const endSecond = secondWorker(billing)
    try {
      const orgs = await Promise.all([1, 2, 3].map((n) => billing.node.onboard(`faults-${n}`)))
      const sessions = await Promise.all(
        orgs.flatMap((org) => [
          org.call(createCheckout, { plan: 'solo' }),
          org.call(createCheckout, { pack: 'small' }),
        ]),
      )
      billing.sandbox.faults({
        seed: 42,
        duplicate: 0.5,
        reorder: 0.5,
        delayMs: 20,
        lose: 0.2,
        rateLimit: 0.2,
        error500: 0.2,
        error500After: 0.2,
        webhookApiVersion: 'before',
      })
      for (const { id } of sessions) await billing.pay(id)
      for (let round = 0; round < 5; round++) {
        await billing.sandbox.settled()
        await hurry()
      }
      billing.sandbox.faults(OFF)
      await hurry()
      await billing.quiet()
      for (const org of orgs) {
        expect(await org.call(getBilling, {})).toMatchObject({ subscribedPlan: 'solo', sync: { state: 'synced' } })
        expect((await org.call(getCredits, {})).available).toBe(6_100)
      }
    } finally {
      await endSecond()
    }
  }, 60_000)
})
