import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { Stripe } from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { clientOf, idOf, monthly, sandboxed, type Sandboxed } from '../../../test/support/stripe-sandbox.ts'
import { DEFAULT_VERSION } from './core/version.ts'

let here: Sandboxed
let stripe: Stripe
beforeEach(async () => {
  here = await sandboxed()
  stripe = here.stripe
})
afterEach(() => here.sandbox.close())

interface Sent {
  readonly method?: string
  readonly body?: string
  readonly headers?: Record<string, string>
}
interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly json: { readonly id?: string; readonly error?: Record<string, string> } & Record<string, unknown>
}
async function send(path: string, { method = 'POST', body, headers = {} }: Sent = {}): Promise<Answered> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' }
  const response = await fetch(`${here.sandbox.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${here.sandbox.apiKey}`, ...type, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  return { status: response.status, headers: response.headers, json: (await response.json()) as Answered['json'] }
}

describe('who may call', () => {
  it('is who has the key, as a bearer or as the user of basic authentication', async () => {
    await expect(
      new Stripe('sk_test_wrong', {
        host: '127.0.0.1',
        port: new URL(here.sandbox.url).port,
        protocol: 'http',
      }).customers.list(),
    ).rejects.toMatchObject({ type: 'StripeAuthenticationError', statusCode: 401 })
    const basic = `Basic ${Buffer.from(`${here.sandbox.apiKey}:`).toString('base64')}`
    expect((await send('/v1/customers', { method: 'GET', headers: { authorization: basic } })).status).toBe(200)
    for (const authorization of ['', 'Bearer', 'Bearer sk_test_tenon_sandbo', 'Digest x', 'Basic !!!']) {
      const { status, json } = await send('/v1/customers', { headers: { authorization } })
      expect([authorization, status, json.error?.['type']]).toEqual([authorization, 401, 'invalid_request_error'])
      expect(json.error?.['message']).not.toContain('tenon_sandbo')
    }
    await expect(stripe.customers.list({}, { stripeAccount: 'acct_1' })).rejects.toMatchObject({
      type: 'StripePermissionError',
    })
  })
})

describe('an answer', () => {
  it('has an id, the version and no key of anybody', async () => {
    const customer = await stripe.customers.create({})
    expect(customer.lastResponse).toMatchObject({
      requestId: expect.stringMatching(/^req_\w{14}$/),
      statusCode: 200,
      apiVersion: DEFAULT_VERSION,
    })
    expect(customer.id).toMatch(/^cus_\w{14}$/)
  })

  it('has the version that the installed library is pinned to, unless another is asked for', async () => {
    expect(stripe.getApiField('version')).toBe(DEFAULT_VERSION)
    const price = await monthly(stripe, 500)
    const customer = await stripe.customers.create({})
    const made = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] })
    const read = async (path: string, version: string) =>
      (await send(path, { method: 'GET', headers: { 'stripe-version': version } })).json
    const path = `/v1/subscriptions/${made.id}?expand[]=latest_invoice`
    const [before, after] = [await read(path, '2024-06-20'), await read(path, '2025-03-31.basil')]
    expect(before['current_period_end']).toBe(made.items.data[0]?.current_period_end)
    expect(before['latest_invoice']).toMatchObject({
      subscription: made.id,
      payment_intent: expect.stringMatching(/^pi_/),
      charge: expect.stringMatching(/^ch_/),
      paid: true,
    })
    expect(after).not.toHaveProperty('current_period_end')
    expect(after['latest_invoice']).toMatchObject({ parent: { subscription_details: { subscription: made.id } } })
    expect(after['latest_invoice']).not.toHaveProperty('subscription')
    expect((await send('/v1/customers', { method: 'GET', headers: { 'stripe-version': 'yesterday' } })).status).toBe(
      400,
    )
  })

  it('to an unknown address is an error that the library knows, never a success', async () => {
    await expect(stripe.coupons.list()).rejects.toMatchObject({
      type: 'StripeInvalidRequestError',
      statusCode: 404,
      message: expect.stringMatching(/^Unrecognized request URL \(GET: \/v1\/coupons\)/),
    })
    for (const path of [
      '/v1',
      '/v1/',
      '/v1/customers/',
      '/v1/customers/a/b',
      '/v2/core/events',
      '/v1/Customers',
      '//v1/customers',
    ]) {
      expect([path, (await send(path, { method: 'GET' })).status]).toEqual([path, 404])
    }
    for (const method of ['PUT', 'PATCH', 'DELETE'])
      expect([method, (await send('/v1/customers', { method })).status]).toEqual([method, 404])
    expect((await send('/v1/customers/__proto__', { method: 'GET' })).json.error).toMatchObject({
      code: 'resource_missing',
      param: 'id',
    })
  })
})

describe('a key of idempotency', () => {
  const keyed = (key: string) => ({ idempotencyKey: key })

  it('gives the first answer again, and makes nothing twice', async () => {
    const all = await Promise.allSettled(
      Array.from({ length: 20 }, () => stripe.customers.create({ name: 'A' }, keyed('same'))),
    )
    const ids = all.flatMap((each) => (each.status === 'fulfilled' ? [each.value.id] : []))
    expect(new Set(ids).size).toBe(1)
    expect((await stripe.customers.list()).data).toHaveLength(1)
    const again = await send('/v1/customers', { body: 'name=A', headers: { 'idempotency-key': 'same' } })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.json.id).toBe(ids[0])
  })

  it('is refused for another request', async () => {
    await stripe.customers.create({ name: 'A' }, keyed('k'))
    await expect(stripe.customers.create({ name: 'B' }, keyed('k'))).rejects.toMatchObject({
      type: 'StripeIdempotencyError',
      statusCode: 400,
    })
    await expect(stripe.products.create({ name: 'A' }, keyed('k'))).rejects.toMatchObject({
      type: 'StripeIdempotencyError',
    })
  })

  it('is in use while its first request is not over', async () => {
    const { port } = new URL(here.sandbox.url)
    const slow = connect(Number(port), '127.0.0.1')
    const body = 'name=Slow'
    slow.write(
      `POST /v1/customers HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${here.sandbox.apiKey}\r\ncontent-type: application/x-www-form-urlencoded\r\nidempotency-key: slow\r\ncontent-length: ${body.length}\r\n\r\nname`,
    )
    // Until the first part has arrived, the key is free.
    let status = 200
    let code: string | undefined
    for (let i = 0; i < 50 && status !== 409; i += 1) {
      const answer = await send('/v1/products', { headers: { 'idempotency-key': 'slow' } })
      status = answer.status
      code = answer.json.error?.['code']
    }
    expect([status, code]).toEqual([409, 'idempotency_key_in_use'])
    const ended = new Promise<string>((resolve) => slow.once('data', (data) => resolve(data.toString())))
    slow.write('=Slow')
    expect(await ended).toContain('200 OK')
    slow.destroy()
  })

  it('gives a 500 again whose effect has happened, and only that', async () => {
    here.sandbox.faults({ error500After: 1 })
    await expect(stripe.customers.create({ name: 'A' }, keyed('lost'))).rejects.toMatchObject({
      type: 'StripeAPIError',
      statusCode: 500,
    })
    here.sandbox.faults({ error500After: 0 })
    expect((await stripe.customers.list()).data).toHaveLength(1)
    const again = await send('/v1/customers', { body: 'name=A', headers: { 'idempotency-key': 'lost' } })
    expect([again.status, again.headers.get('idempotent-replayed'), again.headers.get('stripe-should-retry')]).toEqual([
      500,
      'true',
      'false',
    ])
    expect((await stripe.customers.list()).data).toHaveLength(1)
    here.sandbox.faults({ error500: 1 })
    await expect(stripe.customers.create({ name: 'B' }, keyed('early'))).rejects.toMatchObject({ statusCode: 500 })
    here.sandbox.faults({ error500: 0, rateLimit: 1 })
    await expect(stripe.customers.create({ name: 'B' }, keyed('early'))).rejects.toMatchObject({
      type: 'StripeRateLimitError',
      statusCode: 429,
    })
    here.sandbox.faults({ rateLimit: 0 })
    await stripe.customers.create({ name: 'B' }, keyed('early'))
    expect((await stripe.customers.list()).data).toHaveLength(2)
  })

  it('is free again after a request that was refused for its parameters', async () => {
    await expect(stripe.products.create({ name: '' }, keyed('p'))).rejects.toMatchObject({
      code: 'parameter_invalid_empty',
    })
    expect(await stripe.products.create({ name: 'Now' }, keyed('p'))).toMatchObject({ name: 'Now' })
  })
})

describe('a list', () => {
  it('is paged both ways, newest first, and complete', async () => {
    const made: string[] = []
    for (let i = 0; i < 7; i += 1) made.push((await stripe.customers.create({ email: `c${i}@example.org` })).id)
    const newest = made.toReversed()
    const first = await stripe.customers.list({ limit: 3 })
    expect([first.data.map(({ id }) => id), first.has_more]).toEqual([newest.slice(0, 3), true])
    const back = await stripe.customers.list({ limit: 2, ending_before: newest[3] ?? '' })
    expect([back.data.map(({ id }) => id), back.has_more]).toEqual([newest.slice(1, 3), true])
    const all: string[] = []
    for await (const { id } of stripe.customers.list({ limit: 2 })) all.push(id)
    expect(all).toEqual(newest)
    expect((await stripe.customers.list({ email: 'c3@example.org' })).data).toMatchObject([{ id: made[3] }])
    expect((await stripe.customers.list({ created: { gt: Math.floor(Date.now() / 1000) + 60 } })).data).toEqual([])
    await expect(stripe.customers.list({ limit: 101 })).rejects.toMatchObject({
      code: 'parameter_invalid_integer',
      param: 'limit',
    })
    await expect(stripe.customers.list({ starting_after: 'cus_none' })).rejects.toMatchObject({
      code: 'resource_missing',
      param: 'starting_after',
    })
  })

  it('is searched by metadata and fields', async () => {
    await stripe.customers.create({ email: 'a@example.org', metadata: { org: 'org_1', "o'k": 'x y' } })
    await stripe.customers.create({ email: 'b@example.org', metadata: { org: 'org_2' } })
    const found = async (query: string) => (await stripe.customers.search({ query })).data.map(({ email }) => email)
    expect(await found("metadata['org']:'org_1'")).toEqual(['a@example.org'])
    expect(await found(String.raw`metadata['o\'k']:'x y'`)).toEqual(['a@example.org'])
    expect(await found("-metadata['org']:'org_1' AND email~'example'")).toEqual(['b@example.org'])
    expect(await found("email:'a@example.org' OR email:'b@example.org'")).toEqual(['b@example.org', 'a@example.org'])
    expect(await found("metadata['none']:null created>0")).toHaveLength(2)
    for (const query of ['org_1', "metadata['org'", "a:'1' AND b:'2' OR c:'3'", "metadata['org']:'x' junk"]) {
      await expect(found(query)).rejects.toMatchObject({ param: 'query' })
    }
  })

  it('is filtered by what Stripe filters it by', async () => {
    const price = await stripe.prices.create({
      currency: 'usd',
      unit_amount: 5,
      lookup_key: 'solo',
      product_data: { name: 'P' },
      recurring: { interval: 'year' },
    })
    await stripe.prices.create({ currency: 'eur', unit_amount: 5, product: idOf(price.product) })
    expect((await stripe.prices.list({ lookup_keys: ['solo'] })).data).toMatchObject([{ id: price.id }])
    expect((await stripe.prices.list({ type: 'one_time' })).data).toMatchObject([{ currency: 'eur' }])
    await expect(
      stripe.prices.create({ currency: 'usd', unit_amount: 6, lookup_key: 'solo', product: idOf(price.product) }),
    ).rejects.toThrow(/lookup key/)
    await stripe.prices.create({
      currency: 'usd',
      unit_amount: 6,
      lookup_key: 'solo',
      transfer_lookup_key: true,
      product: idOf(price.product),
    })
    expect(await stripe.prices.retrieve(price.id)).toMatchObject({ lookup_key: null })
  })
})

describe('a wrong request', () => {
  it('is refused with the parameter and the code of Stripe', async () => {
    const cases: [string, string, string, string | undefined][] = [
      ['/v1/customers', 'emial=x', 'emial', 'parameter_unknown'],
      ['/v1/customers', 'constructor=x', 'constructor', 'parameter_unknown'],
      ['/v1/customers', 'email=nobody', 'email', 'email_invalid'],
      ['/v1/customers', 'metadata[a][b]=1', 'metadata[a]', undefined],
      [`/v1/customers`, `metadata[${'k'.repeat(41)}]=1`, 'metadata', undefined],
      [`/v1/customers`, `metadata[k]=${'v'.repeat(501)}`, 'metadata[k]', undefined],
      ['/v1/prices', 'currency=usd&product_data[name]=P&unit_amount=-1', 'unit_amount', 'parameter_invalid_integer'],
      ['/v1/prices', 'currency=usd&product_data[name]=P&unit_amount=1.5', 'unit_amount', 'parameter_invalid_integer'],
      ['/v1/prices', 'currency=usd&product_data[name]=P&unit_amount=1e3', 'unit_amount', 'parameter_invalid_integer'],
      [
        '/v1/prices',
        'currency=usd&product_data[name]=P&unit_amount=100000000',
        'unit_amount',
        'parameter_invalid_integer',
      ],
      [
        '/v1/prices',
        'currency=usd&product_data[name]=P&unit_amount=99999999999999999999',
        'unit_amount',
        'parameter_invalid_integer',
      ],
      ['/v1/prices', 'product_data[name]=P&unit_amount=1', 'currency', 'parameter_missing'],
      ['/v1/subscriptions', 'items[0][price]=x', 'customer', 'parameter_missing'],
      ['/v1/subscriptions', 'customer=cus_none&items[0][price]=x', 'customer', 'resource_missing'],
      ['/v1/subscriptions', 'customer=cus_none&items=x', 'items', undefined],
      ['/v1/checkout/sessions', 'success_url=javascript:alert(1)', 'success_url', 'url_invalid'],
      ['/v1/checkout/sessions', 'mode=gift', 'mode', undefined],
      ['/v1/customers', 'expand[]=nothing', 'expand', undefined],
      ['/v1/customers', `${'a[b]'.replace('a', 'x'.repeat(10))}[`, 'xxxxxxxxxx[b][', undefined],
    ]
    for (const [path, body, param, code] of cases) {
      const { status, json } = await send(path, { body })
      expect([body, status, json.error?.['type'], json.error?.['param'], json.error?.['code']]).toEqual([
        body,
        400 + (code === 'resource_missing' ? 4 : 0),
        'invalid_request_error',
        param,
        code,
      ])
    }
    expect((await stripe.customers.list()).data).toEqual([])
    expect((await stripe.events.list()).data).toEqual([])
  })

  it('can be strange and large without harm', async () => {
    const long = await send('/v1/customers', { body: `name=${'x'.repeat(2_000_000)}` })
    expect(long.status).toBe(413)
    expect(
      (await send('/v1/customers', { body: Array.from({ length: 3_000 }, (_, i) => `metadata[k${i}]=1`).join('&') }))
        .status,
    ).toBe(400)
    expect((await send('/v1/customers', { body: `a${'[b]'.repeat(200)}=1` })).status).toBe(400)
    expect(
      (await send('/v1/customers', { body: '{"name":"x"}', headers: { 'content-type': 'application/json' } })).status,
    ).toBe(400)
    expect((await send('/v1/customers', { body: '%ff=%00&=&[]=1' })).status).toBe(400)
    const odd = await stripe.customers.create({
      name: '<script>\u0000𝒜',
      metadata: { ['__proto__']: 'x', 'a&b=c': '=&%', empty: '' } as never,
    })
    expect(odd.name).toBe('<script>\u0000𝒜')
    expect(Object.entries(odd.metadata)).toContainEqual(['a&b=c', '=&%'])
    expect(odd.metadata).not.toHaveProperty('empty')
    expect(({} as Record<string, unknown>)['x']).toBeUndefined()
  })

  it('leaves nothing behind when it fails in the middle', async () => {
    const customer = await stripe.customers.create({})
    const big = await monthly(stripe, 99_999_999)
    const count = (await stripe.events.list({ limit: 100 })).data.length
    await expect(
      stripe.subscriptions.create({ customer: customer.id, items: [{ price: big.id, quantity: 2 }] }),
    ).rejects.toMatchObject({ code: 'amount_too_large' })
    expect((await stripe.subscriptions.list({ status: 'all' })).data).toEqual([])
    expect((await stripe.events.list({ limit: 100 })).data).toHaveLength(count)
  })
})

describe('a customer', () => {
  it('keeps the metadata that a change does not name', async () => {
    const { id } = await stripe.customers.create({ metadata: { a: '1', b: '2' }, address: { city: 'Bern' } })
    expect((await stripe.customers.update(id, { metadata: { b: '', c: '3' } })).metadata).toEqual({ a: '1', c: '3' })
    expect(await stripe.customers.update(id, { metadata: '', name: 'N', email: '' })).toMatchObject({
      metadata: {},
      name: 'N',
      email: null,
      address: { city: 'Bern', country: null },
    })
    expect((await clientOf(here.sandbox).customers.retrieve(id)).id).toBe(id)
  })
})

describe('the default version', () => {
  it('is the one in the installed library', () => {
    const pinned = readFileSync(new URL('../../../node_modules/stripe/esm/apiVersion.js', import.meta.url), 'utf8')
    expect(pinned).toContain(`'${DEFAULT_VERSION}'`)
  })
})
