import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newPerson } from '../../../test/support/person.ts'
import { addMember } from '../../../test/support/add-member.ts'
import { startBillingNode, type BillingNode } from '../../../test/support/billing.ts'
import { testOrg, type TestOrg } from '../../../test/support/node.ts'
import { listAudit } from '../../contract/audit.ts'
import { confirmCheckout, createCheckout, getBilling, openPortal, syncBilling } from '../../contract/billing.ts'
import { getCredits } from '../../contract/credits.ts'
import { listFindings } from '../../contract/findings.ts'
import { createApiKey, deleteOrganization, getMe } from '../../contract/identity.ts'
import { setLimits } from '../../contract/limits.ts'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import { callAsRoot } from '../../../test/support/billing.ts'

const DAY = 86_400
const WELCOME = 100
let billing: BillingNode
beforeAll(async () => {
  billing = await startBillingNode()
})
afterAll(() => billing[Symbol.asyncDispose]())

/** On the plan free, but for what it subscribes to. */
const onboard = async (slug: string): Promise<TestOrg> => {
  const org = await billing.node.onboard(slug)
  await callAsRoot(billing.node, setLimits, { org: slug, plan: 'free' })
  return org
}
const subscribe = async (org: TestOrg, plan: 'solo' | 'team' = 'solo'): Promise<string> => {
  const { id } = await org.call(createCheckout, { plan })
  await billing.pay(id)
  await billing.quiet()
  return id
}
const buy = async (org: TestOrg, pack: 'small' | 'medium'): Promise<string> => {
  const { id } = await org.call(createCheckout, { pack })
  await billing.pay(id)
  await billing.quiet()
  return id
}
const available = async (org: TestOrg) => (await org.call(getCredits, {})).available
const customerOf = async ({ slug }: TestOrg): Promise<string> => {
  const [row] = await billing.node.database.query<{ customer_id: string }>(
    'select customer_id from billing_accounts join organizations using (org_id) where slug = $1',
    [slug],
  )
  return row?.customer_id ?? ''
}
const subscriptionOf = async (org: TestOrg): Promise<string> => (await org.call(getBilling, {})).subscription?.id ?? ''
const findings = async (org: TestOrg) =>
  (await org.call(listFindings, {})).filter(({ status }) => status === 'open').map(({ kind }) => kind)

describe('a subscription', () => {
  it('is in force once it is paid for, with its credits, and in the audit trail', async () => {
    const org = await onboard('paid')
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'free', subscribedPlan: null, subscription: null })
    await subscribe(org)
    expect(await org.call(getBilling, {})).toMatchObject({
      plan: 'solo',
      subscribedPlan: 'solo',
      subscription: { status: 'active', plan: 'solo', cancelAtPeriodEnd: false, periodEnd: expect.any(String) },
      sync: { state: 'synced', code: null, nextTryAt: null },
      plans: ['solo', 'team'],
      packs: [{ name: 'small' }, { name: 'medium' }, { name: 'large' }],
      sandbox: true,
    })
    expect(await available(org)).toBe(WELCOME + 5_000)
    const trail = await org.call(listAudit, { action: 'billing.sync' })
    expect(trail).toContainEqual(
      expect.objectContaining({
        actor: 'system:stripe',
        details: expect.objectContaining({ subscribedPlan: 'solo', plan: 'solo' }),
      }),
    )
  })

  it('can not be bought twice; the portal changes it', async () => {
    const org = await onboard('twice')
    await subscribe(org)
    expect(await org.error(createCheckout, { plan: 'team' })).toMatchObject({ code: 'already_subscribed' })
    expect((await org.call(openPortal, {})).url).toContain(billing.sandbox.url)
  })

  it('grants once for each period, and the former credits stay three days longer', async () => {
    const org = await onboard('renews')
    await subscribe(org)
    await billing.sandbox.advance(32 * DAY)
    await billing.quiet()
    const { grants } = await org.call(getCredits, {})
    const plan = grants.filter(({ kind }) => kind === 'plan')
    expect(plan.map(({ amount }) => amount)).toEqual([5_000, 5_000])
    const [first = '', second = ''] = plan.map(({ expiresAt }) => expiresAt ?? '').toSorted()
    expect(Date.parse(second) - Date.parse(first)).toBeGreaterThan(27 * DAY * 1000)
  })

  it('that is changed to a larger plan is in force at once, with the part of the credits that is left', async () => {
    const org = await onboard('larger')
    await subscribe(org)
    const id = await subscriptionOf(org)
    const { items } = await billing.stripe.subscriptions.retrieve(id)
    const team = [...billing.settings.prices].find(([, sold]) => 'plan' in sold && sold.plan === 'team')?.[0] ?? ''
    await billing.stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]?.id ?? '', price: team }],
      proration_behavior: 'always_invoice',
    })
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'team', subscription: { plan: 'team' } })
    const gained = (await available(org)) - WELCOME - 5_000
    expect(gained).toBeGreaterThan(43_000)
    expect(gained).toBeLessThanOrEqual(46_500)
  })

  it('that is changed back and forth gives the credits of a larger plan for what was paid, once', async () => {
    const org = await onboard('back-and-forth')
    await subscribe(org)
    const id = await subscriptionOf(org)
    const change = async (plan: 'solo' | 'team') => {
      const { items } = await billing.stripe.subscriptions.retrieve(id)
      const price = [...billing.settings.prices].find(([, sold]) => 'plan' in sold && sold.plan === plan)?.[0] ?? ''
      await billing.stripe.subscriptions.update(id, {
        items: [{ id: items.data[0]?.id ?? '', price }],
        proration_behavior: 'always_invoice',
      })
      await billing.quiet()
    }
    await change('team')
    const once = await available(org)
    for (const plan of ['solo', 'team', 'solo', 'team'] as const) await change(plan)
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'team' })
    // What the clock has moved on between two changes.
    expect((await available(org)) - once).toBeLessThan(100)
  })

  it('that is cancelled stays to the end of its period, and then the plan falls', async () => {
    const org = await onboard('cancels')
    await subscribe(org)
    await billing.stripe.subscriptions.update(await subscriptionOf(org), { cancel_at_period_end: true })
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'solo', subscription: { cancelAtPeriodEnd: true } })
    await billing.sandbox.advance(32 * DAY)
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({
      plan: 'free',
      subscribedPlan: null,
      subscription: { status: 'canceled' },
    })
  })

  it('whose renewal the card declines keeps its plan while Stripe tries, is a finding, and recovers', async () => {
    const org = await onboard('declines')
    await subscribe(org)
    await billing.card(await customerOf(org), 'declines')
    await billing.sandbox.advance(31 * DAY + 7_200)
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'solo', subscription: { status: 'past_due' } })
    expect(await findings(org)).toContain('payment_failed')
    expect(await available(org)).toBeLessThanOrEqual(WELCOME + 5_000)
    await billing.card(await customerOf(org), 'ok')
    await billing.sandbox.advance(8 * DAY)
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'solo', subscription: { status: 'active' } })
    expect(await findings(org)).not.toContain('payment_failed')
  })

  it('of a price that is not known here gives nothing, and is a finding', async () => {
    const org = await onboard('unknown')
    const product = await billing.stripe.products.create({ name: 'something else' })
    const price = await billing.stripe.prices.create({
      product: product.id,
      currency: 'usd',
      unit_amount: 1,
      recurring: { interval: 'month' },
    })
    const session = await billing.stripe.checkout.sessions.create({
      customer: await customerOf(org),
      mode: 'subscription',
      line_items: [{ price: price.id, quantity: 1 }],
      success_url: 'http://127.0.0.1/',
      metadata: { tenon_org: 'org_of_somebody', plan: 'team' },
    })
    await billing.pay(session.id)
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'free', subscribedPlan: null })
    expect(await findings(org)).toContain('unknown_price')
    expect(await available(org)).toBe(WELCOME)
  })

  it('ends with its customer, and another checkout makes another customer', async () => {
    const org = await onboard('gone')
    await subscribe(org)
    const before = await customerOf(org)
    await billing.stripe.customers.del(before)
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'free', subscribedPlan: null })
    expect(await findings(org)).toContain('customer_missing')
    await subscribe(org)
    expect(await customerOf(org)).not.toBe(before)
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'solo' })
    expect(await findings(org)).not.toContain('customer_missing')
  })
})

describe('those who own an organisation', () => {
  it('get one mail for each try of a payment that has failed, however often its event is applied', async () => {
    const org = await onboard('mails')
    const { query } = billing.node.database
    const { id } = await newPerson(billing.node, 'mails', 'owner@example.com')
    await addMember(billing.node.database, 'mails', { id, role: 'owner' })
    await subscribe(org)
    await billing.card(await customerOf(org), 'declines')
    await billing.sandbox.advance(31 * DAY + 7_200)
    await billing.quiet()
    const mails = () => query("select from mails where template = 'payment-failed'")
    expect(await mails()).toHaveLength(1)
    await query(
      "update stripe_events set state = 'received', claim = claim + 1, next_try_at = now() where type = 'invoice.payment_failed'",
    )
    await billing.quiet()
    expect(await mails()).toHaveLength(1)
  })
})

describe('closing an organisation', () => {
  it('cancels its subscription at Stripe', async () => {
    const org = await onboard('closed')
    await subscribe(org)
    const subscription = await subscriptionOf(org)
    await org.call(deleteOrganization, { confirm: 'closed' })
    await billing.node.domains.identity.sweep()
    expect((await billing.stripe.subscriptions.retrieve(subscription)).status).toBe('canceled')
  })

  it('leaves its customer to Stripe, as one of nobody here', async () => {
    const org = await onboard('closed-customer')
    const customer = await customerOf(org)
    const { org: closed } = await org.call(getMe, {})
    await org.call(deleteOrganization, { confirm: 'closed-customer' })
    await billing.node.domains.identity.sweep()
    expect(await billing.stripe.customers.retrieve(customer)).toMatchObject({
      metadata: { tenon_closed_org: closed?.id, tenon_slug: 'closed-customer' },
    })
    expect(await billing.stripe.customers.retrieve(customer)).not.toHaveProperty('metadata.tenon_org')
  })

  it('closes what could still be paid for', async () => {
    const org = await onboard('closed-early')
    const { id } = await org.call(createCheckout, { plan: 'solo' })
    await org.call(deleteOrganization, { confirm: 'closed-early' })
    await billing.node.domains.identity.sweep()
    expect((await billing.stripe.checkout.sessions.retrieve(id)).status).toBe('expired')
    await expect(billing.pay(id)).rejects.toThrow('expired')
  })
})

describe('a customer', () => {
  it('of another organisation is not taken, whatever its metadata says', async () => {
    const owner = await onboard('owner')
    const theirs = await customerOf(owner)
    const robbed = await onboard('forged')
    const before = await customerOf(robbed)
    const { metadata } = await billing.stripe.customers.retrieve(before).then((found) => found as { metadata: object })
    await billing.stripe.customers.update(theirs, { metadata: { ...metadata } })
    await billing.stripe.customers.del(before)
    await billing.quiet()
    await subscribe(robbed)
    expect(await customerOf(robbed)).not.toBe(theirs)
    expect(await robbed.call(getBilling, {})).toMatchObject({ plan: 'solo' })
    expect(await owner.call(getBilling, {})).toMatchObject({ plan: 'free', subscription: null })
  })
})

describe('a pack', () => {
  it('is granted once, whether the event or the confirmation comes first', async () => {
    const org = await onboard('pack')
    const session = await buy(org, 'small')
    expect(await available(org)).toBe(WELCOME + 1_000)
    expect(await org.call(confirmCheckout, { session })).toMatchObject({ paid: true })
    expect(await available(org)).toBe(WELCOME + 1_000)
    expect((await org.call(getCredits, {})).grants).toContainEqual(
      expect.objectContaining({ kind: 'pack', amount: 1_000, expiresAt: null }),
    )
  })

  it('that is given back in parts takes back its credits in parts, each once', async () => {
    const org = await onboard('refund')
    const session = await buy(org, 'small')
    const { payment_intent: paymentIntent } = await billing.stripe.checkout.sessions.retrieve(session)
    const refund = (amount: number) =>
      billing.stripe.refunds.create({ payment_intent: typeof paymentIntent === 'string' ? paymentIntent : '', amount })
    await refund(300)
    await billing.quiet()
    expect(await available(org)).toBe(WELCOME + 667)
    await refund(300)
    await refund(300)
    await billing.quiet()
    expect(await available(org)).toBe(WELCOME)
  })

  it('whose payment is disputed loses what is left of it, and is a finding', async () => {
    const org = await onboard('dispute')
    await buy(org, 'small')
    const { data } = await billing.stripe.charges.list({ customer: await customerOf(org) })
    await billing.control('disputes', { charge: data[0]?.id ?? '' })
    await billing.quiet()
    expect(await available(org)).toBe(WELCOME)
    expect(await findings(org)).toContain('payment_disputed')
  })
})

describe('a dispute that was won', () => {
  it('gives back what it has taken, once, and is no finding any more', async () => {
    const org = await onboard('dispute-won')
    await buy(org, 'small')
    const { data } = await billing.stripe.charges.list({ customer: await customerOf(org) })
    const { id } = await billing.control('disputes', { charge: data[0]?.id ?? '' })
    await billing.quiet()
    expect(await available(org)).toBe(WELCOME)
    await billing.control(`disputes/${String(id)}/close`, { outcome: 'won' })
    await billing.quiet()
    await billing.node.database.query(
      "update stripe_events set state = 'received', claim = claim + 1, next_try_at = now() where type like 'charge.dispute.%'",
    )
    await billing.quiet()
    expect(await available(org)).toBe(WELCOME + 1_000)
    expect(await findings(org)).not.toContain('payment_disputed')
  })

  it('and one that was lost takes for good', async () => {
    const org = await onboard('dispute-lost')
    await buy(org, 'small')
    const { data } = await billing.stripe.charges.list({ customer: await customerOf(org) })
    const { id } = await billing.control('disputes', { charge: data[0]?.id ?? '' })
    await billing.control(`disputes/${String(id)}/close`, { outcome: 'lost' })
    await billing.quiet()
    expect(await available(org)).toBe(WELCOME)
    expect(await findings(org)).toContain('payment_disputed')
  })
})

describe('a checkout', () => {
  it('is for a plan or a pack, and leads back to this server', async () => {
    const org = await onboard('fields')
    const wrong: object[] = [
      {},
      { plan: 'solo', pack: 'small' },
      { plan: 'free' },
      { pack: 'huge' },
      { plan: 'solo', successUrl: 'https://evil.example/' },
      { plan: 'solo', cancelUrl: 'http://127.0.0.1@evil.example/' },
      { plan: 'solo', successUrl: 'javascript:alert(1)' },
      { plan: 'solo', successUrl: 'http://user@127.0.0.1/' },
      { plan: 'solo', successUrl: 'http://127.0.0.1\\@evil.example/' },
      { plan: 'solo', successUrl: 'http://127.0.0.1:8080/' },
      { plan: 'solo', cancelUrl: 'http://１２７.0.0.1/' },
      { plan: 'solo', cancelUrl: 'http://127.0.0.1/→' },
      { plan: 'solo', quantity: 2 },
    ]
    for (const input of wrong) {
      const answer = org.error(createCheckout, input).catch((error: Error) => error)
      expect([input, await answer]).toMatchObject([input, { code: 'validation_failed' }])
    }
    const made = await org.call(createCheckout, { plan: 'solo', successUrl: 'http://127.0.0.1/thanks' })
    expect(made).toMatchObject({ id: expect.stringMatching(/^cs_/), sandbox: true })
    const session = await billing.stripe.checkout.sessions.retrieve(made.id)
    expect(session.metadata).toMatchObject({
      tenon_org: session.client_reference_id,
      tenon_actor: expect.stringMatching(/^key_/),
    })
  })

  it('can be confirmed only by whom has begun it: others learn nothing, and their organisation hears of it', async () => {
    const [one, other] = [await onboard('one'), await onboard('other')]
    const { id: session } = await one.call(createCheckout, { plan: 'solo' })
    await billing.pay(session)
    const { secret } = await one.call(createApiKey, { name: 'another key', scopes: [...ALL_SCOPES] })
    const colleague = testOrg(billing.node.caller, 'one', secret)
    const missing = await other.error(confirmCheckout, { session: 'cs_test_that_there_is_not' })
    expect(missing.code).toBe('not_found')
    expect(await other.error(confirmCheckout, { session })).toEqual(missing)
    expect(await colleague.error(confirmCheckout, { session })).toEqual(missing)
    expect(await other.call(listAudit, { outcome: 'refused', action: 'billing.confirm' })).toContainEqual(
      expect.objectContaining({ code: 'not_found', resources: { session } }),
    )
    expect(await one.call(confirmCheckout, { session })).toMatchObject({
      paid: true,
      billing: { plan: 'solo', subscribedPlan: 'solo' },
    })
    await billing.quiet()
    expect(await other.call(getBilling, {})).toMatchObject({ plan: 'free', subscription: null })
  })

  it('that nobody has paid for changes nothing', async () => {
    const org = await onboard('unpaid')
    const { id: session } = await org.call(createCheckout, { plan: 'team' })
    expect(await org.call(confirmCheckout, { session })).toMatchObject({ paid: false, billing: { plan: 'free' } })
  })

  it('of an organisation without a customer makes one', async () => {
    const org = await onboard('before')
    await billing.node.database.query(
      'delete from billing_accounts using organizations o where o.org_id = billing_accounts.org_id and slug = $1',
      ['before'],
    )
    const there = await billing.stripe.customers.search({ query: "metadata['tenon_slug']:'before'" })
    await subscribe(org)
    expect(await customerOf(org)).toBe(there.data[0]?.id)
    expect(await org.call(syncBilling, {})).toMatchObject({ plan: 'solo', sync: { state: 'synced' } })
  })
})
