import { statSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type Stripe from 'stripe'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  clientOf,
  monthly,
  sandboxed,
  startReceiver,
  type Receiver,
  type Sandboxed,
} from '../../../test/support/stripe-sandbox.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const DAY = 86_400
const folder = temporaryFolder('stripe-sandbox')
let here: Sandboxed
let stripe: Stripe
let receiver: Receiver
beforeEach(async () => {
  here = await sandboxed()
  stripe = here.stripe
  receiver = await startReceiver()
})
afterEach(async () => {
  await here.sandbox.close()
  await receiver.close()
})
afterAll(() => folder.remove())

const listen = (given: Partial<Stripe.WebhookEndpointCreateParams> = {}) =>
  stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'], ...given })
const customers = async (count: number) => {
  for (let i = 0; i < count; i += 1) await stripe.customers.create({ name: `c${i}` })
}
/** In an order of no meaning, to compare what may come in any. */
const sorted = (values: readonly unknown[]): string[] =>
  values.map((value) => JSON.stringify(value)).toSorted((a, b) => (a < b ? -1 : 1))
function firstOf({ received }: Receiver) {
  const [first] = received
  if (first === undefined) throw new Error('nothing was received')
  return first
}
const names = () => receiver.received.map(({ event }) => (event.data.object as Stripe.Customer).name)

describe('a delivery', () => {
  it('is signed so that the library accepts it, even when the clock is far ahead', async () => {
    const { secret = '' } = await listen()
    await here.sandbox.advance(400 * DAY)
    const customer = await stripe.customers.create({ name: 'Zoë' }, { idempotencyKey: 'key-1' })
    await here.sandbox.settled()
    const { body, headers } = firstOf(receiver)
    const event = stripe.webhooks.constructEvent(body, String(headers['stripe-signature']), secret)
    expect(event).toMatchObject({
      object: 'event',
      type: 'customer.created',
      livemode: false,
      api_version: stripe.getApiField('version'),
      request: { idempotency_key: 'key-1' },
    })
    expect(event.data.object).toEqual(JSON.parse(JSON.stringify(customer)))
    expect(event.created).toBeGreaterThan(Date.now() / 1000 + 399 * DAY)
    expect(headers['user-agent']).toMatch(/^Stripe\/1\.0 /)
    expect(() => stripe.webhooks.constructEvent(`${body} `, String(headers['stripe-signature']), secret)).toThrow(
      /signature/,
    )
  })

  it('carries only what the endpoint listens to, while it is enabled', async () => {
    const { id } = await listen({ enabled_events: ['customer.updated'] })
    const customer = await stripe.customers.create()
    await stripe.customers.update(customer.id, { name: 'New' })
    await stripe.webhookEndpoints.update(id, { disabled: true })
    await stripe.customers.update(customer.id, { name: 'Newer' })
    await here.sandbox.settled()
    expect(receiver.received.map(({ event }) => [event.type, event.data.previous_attributes])).toEqual([
      ['customer.updated', { name: null }],
    ])
    expect((await stripe.webhookEndpoints.retrieve(id)).secret).toBeUndefined()
    await stripe.webhookEndpoints.del(id)
    expect((await stripe.webhookEndpoints.list()).data).toEqual([])
  })

  it('is tried again until it is answered with 2xx, and follows no redirect', async () => {
    await listen()
    receiver.answer(302)
    await customers(1)
    await waitFor(async () => receiver.received.length === 1, 3_000)
    receiver.answer(null)
    await waitFor(async () => receiver.received.length === 2, 3_000)
    const [event] = (await stripe.events.list({ delivery_success: false })).data
    expect(event).toMatchObject({ pending_webhooks: 1 })
    receiver.answer(204)
    await here.sandbox.settled()
    expect(receiver.received).toHaveLength(3)
    expect(new Set(receiver.received.map(({ event: { id } }) => id)).size).toBe(1)
    expect((await stripe.events.retrieve(event?.id ?? '')).pending_webhooks).toBe(0)
  })

  it('is sent again when asked for', async () => {
    await listen()
    await customers(1)
    await here.sandbox.settled()
    const id = receiver.received[0]?.event.id ?? ''
    expect(await (await here.control(`events/${id}/resend`)).json()).toEqual({ event: id, deliveries: 1 })
    await here.sandbox.settled()
    expect(receiver.received.map(({ event }) => event.id)).toEqual([id, id])
  })

  it('goes to this machine only', async () => {
    for (const url of [
      'https://example.org/hook',
      'http://127.0.0.1.example.org/',
      'http://169.254.169.254/',
      'http://user@127.0.0.1/',
      'file:///etc/passwd',
    ]) {
      await expect(listen({ url })).rejects.toMatchObject({ code: 'url_invalid', param: 'url' })
    }
    await expect(listen({ enabled_events: [] as never })).rejects.toMatchObject({ param: 'enabled_events' })
  })

  it('has the shape of the version of its endpoint, or of the fault', async () => {
    await listen({
      api_version: '2025-02-24.acacia',
      enabled_events: ['invoice.paid', 'customer.subscription.created'],
    })
    await listen({ enabled_events: ['invoice.paid', 'customer.subscription.created'] })
    const subscribe = async () => {
      const customer = await stripe.customers.create()
      const price = await monthly(stripe, 700)
      return stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] })
    }
    const shapes = () =>
      receiver.received.map(({ event }) => {
        const object = event.data.object as unknown as Record<string, unknown>
        return event.type === 'invoice.paid'
          ? ['invoice', 'subscription' in object, 'parent' in object, 'payment_intent' in object]
          : [
              'subscription',
              'current_period_end' in object,
              'current_period_end' in ((object['items'] as { data: object[] }).data[0] ?? {}),
            ]
      })
    const subscription = await subscribe()
    await here.sandbox.settled()
    const before = [
      ['invoice', true, false, true],
      ['subscription', true, false],
    ]
    const after = [
      ['invoice', false, true, false],
      ['subscription', false, true],
    ]
    expect(sorted(shapes())).toEqual(sorted([...before, ...after]))
    const old = receiver.received.find(
      ({ event }) => event.type === 'invoice.paid' && event.api_version === '2025-02-24.acacia',
    )
    expect(old?.event.data.object).toMatchObject({ subscription: subscription.id, paid: true })
    receiver.received.length = 0
    here.sandbox.faults({ webhookApiVersion: 'before' })
    await subscribe()
    await here.sandbox.settled()
    expect(sorted(shapes())).toEqual(sorted([...before, ...before]))
  })
})

describe('a fault', () => {
  it('sends events more than once', async () => {
    await listen()
    here.sandbox.faults({ duplicate: 1 })
    await customers(3)
    await here.sandbox.settled()
    expect(receiver.received).toHaveLength(6)
    expect(new Set(receiver.received.map(({ event }) => event.id)).size).toBe(3)
  })

  it('sends events in another order, which their number in one second does not tell', async () => {
    await listen()
    here.sandbox.faults({ reorder: 1, seed: 7 })
    await customers(12)
    await here.sandbox.settled()
    const sent = names()
    expect(sorted(sent)).toEqual(sorted(Array.from({ length: 12 }, (_, i) => `c${i}`)))
    expect(sent).not.toEqual(Array.from({ length: 12 }, (_, i) => `c${i}`))
  })

  it('holds deliveries back, loses attempts and drops events, of which only the last is for ever', async () => {
    await listen()
    here.sandbox.faults({ lose: 1 })
    await customers(1)
    await waitFor(
      async () => (await (await fetch(`${here.sandbox.url}/sandbox`)).text()).includes('lost by a fault'),
      3_000,
    )
    expect(receiver.received).toEqual([])
    here.sandbox.faults({ lose: 0, delayMs: 200 })
    await customers(1)
    await here.sandbox.settled()
    expect(receiver.received).toHaveLength(2)
    here.sandbox.faults({ drop: 1 })
    await customers(1)
    await here.sandbox.settled()
    expect(receiver.received).toHaveLength(2)
    expect((await stripe.events.list()).data).toHaveLength(3)
  })

  it('is drawn from its seed', async () => {
    const lots = async () => {
      here.sandbox.faults({ seed: 42, drop: 0.5 })
      receiver.received.length = 0
      await customers(16)
      await here.sandbox.settled()
      return sorted(names())
    }
    await listen()
    const [first, second] = [await lots(), await lots()]
    expect(first).toEqual(second)
    expect(first.length).toBeGreaterThan(0)
    expect(first.length).toBeLessThan(16)
  })

  it('has to be one that there is', async () => {
    expect((await here.control('faults', { duplicate: 0.5 })).status).toBe(200)
    expect(await (await fetch(`${here.sandbox.url}/sandbox/faults`)).json()).toMatchObject({ duplicate: 0.5, drop: 0 })
    for (const wrong of [
      { duplicate: 2 },
      { duplicate: '1' },
      { nothing: 1 },
      { delayMs: 1e9 },
      { webhookApiVersion: 'x' },
      { seed: -1 },
    ]) {
      expect([wrong, (await here.control('faults', wrong)).status]).toEqual([wrong, 400])
    }
    expect(() => here.sandbox.faults({ drop: Number.NaN })).toThrow(RangeError)
  })
})

describe('a restart', () => {
  it('keeps state, clock and keys, and delivers what was not delivered', async () => {
    const stateFile = join(folder.path, 'stripe.json')
    const one = await sandboxed({ stateFile })
    const endpoint = await one.stripe.webhookEndpoints.create({
      url: receiver.url,
      enabled_events: ['customer.created'],
    })
    receiver.answer(500)
    await one.sandbox.advance(10 * DAY)
    const customer = await one.stripe.customers.create({ email: 'ada@example.org' }, { idempotencyKey: 'k' })
    await waitFor(async () => receiver.received.length > 0, 3_000)
    const price = await monthly(one.stripe, 300)
    const session = await one.stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: price.id, quantity: 1 }],
      success_url: 'http://127.0.0.1:9/',
    })
    await one.sandbox.close()
    expect(statSync(stateFile).mode & 0o777).toBe(0o600)
    receiver.answer(200)
    receiver.received.length = 0
    const two = await sandboxed({ stateFile })
    try {
      await two.sandbox.settled()
      const { body, headers } = firstOf(receiver)
      const event = stripe.webhooks.constructEvent(body, String(headers['stripe-signature']), endpoint.secret ?? '')
      expect((event.data.object as Stripe.Customer).id).toBe(customer.id)
      const again = await two.stripe.customers.create({ email: 'ada@example.org' }, { idempotencyKey: 'k' })
      expect(again.id).toBe(customer.id)
      expect((await two.stripe.customers.list()).data).toHaveLength(1)
      expect((await two.stripe.customers.create({})).created).toBeGreaterThan(Date.now() / 1000 + 9 * DAY)
      expect((await two.stripe.checkout.sessions.retrieve(session.id)).url).toBe(
        `${two.sandbox.url}/sandbox/checkout/${session.id}`,
      )
    } finally {
      await two.sandbox.close()
    }
  })

  it('has written what it has answered, without being closed', async () => {
    const stateFile = join(folder.path, 'killed.json')
    const one = await sandboxed({ stateFile })
    try {
      const made = await Promise.all(Array.from({ length: 20 }, () => one.stripe.customers.create({})))
      const written = readFileSync(stateFile, 'utf8')
      for (const { id } of made) expect(written).toContain(id)
      expect(written).not.toContain(one.sandbox.apiKey)
    } finally {
      await one.sandbox.close()
    }
  })

  it('finds what was appended and what was removed, and nothing of a line that was not finished', async () => {
    const stateFile = join(folder.path, 'appended.json')
    const one = await sandboxed({ stateFile })
    const [first, second] = [await one.stripe.customers.create({}), await one.stripe.customers.create({ name: 'a' })]
    const endpoint = await one.stripe.webhookEndpoints.create({ url: receiver.url, enabled_events: ['*'] })
    await one.stripe.webhookEndpoints.del(endpoint.id)
    await one.stripe.customers.update(second.id, { name: 'b' })
    await one.sandbox.close()
    const copy = join(folder.path, 'copy.json')
    writeFileSync(copy, `${readFileSync(stateFile, 'utf8')}{"settings":{"offsetSec`)
    for (const path of [stateFile, copy, copy]) {
      const again = await sandboxed({ stateFile: path })
      try {
        const { data } = await again.stripe.customers.list()
        expect(data.map(({ id, name }) => [id, name ?? null])).toEqual([
          [second.id, 'b'],
          [first.id, null],
        ])
        expect((await again.stripe.webhookEndpoints.list()).data).toEqual([])
        await again.stripe.products.create({ name: 'something to write' })
      } finally {
        await again.sandbox.close()
      }
    }
  })

  it('writes for a request what it changes, not all that there is', async () => {
    const stateFile = join(folder.path, 'large.json')
    const one = await sandboxed({ stateFile })
    try {
      const metadata = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`k${i}`, 'x'.repeat(400)]))
      for (let i = 0; i < 20; i++) await one.stripe.customers.create({ metadata })
      const { ino, size } = statSync(stateFile)
      await one.stripe.customers.create({})
      const after = statSync(stateFile)
      expect(after.ino).toBe(ino)
      expect(after.size - size).toBeLessThan(10_000)
      const { id } = await one.stripe.customers.create({})
      for (let i = 0; i < 80; i++) await one.stripe.customers.update(id, { metadata })
      // What was written over does not stay for ever.
      expect(statSync(stateFile).size).toBeLessThan(8_000_000)
      expect(statSync(stateFile).ino).not.toBe(ino)
    } finally {
      await one.sandbox.close()
    }
  })

  it('refuses a file that is no state, and leaves it as it is', async () => {
    const stateFile = join(folder.path, 'other.json')
    for (const text of ['{"hello":1}', 'not JSON']) {
      writeFileSync(stateFile, text)
      await expect(sandboxed({ stateFile })).rejects.toThrow(/state of a Stripe sandbox/)
      expect(readFileSync(stateFile, 'utf8')).toBe(text)
    }
  })
})

describe('the library', () => {
  it('gets along with answers that fail now and then, by its own retries', async () => {
    here.sandbox.faults({ error500: 0.4, seed: 3 })
    const patient = clientOf(here.sandbox, { maxNetworkRetries: 5 })
    const made = await Promise.all(Array.from({ length: 6 }, (_, i) => patient.customers.create({ name: `p${i}` })))
    here.sandbox.faults({ error500: 0 })
    expect((await stripe.customers.list({ limit: 100 })).data).toHaveLength(made.length)
  })
})
