import { createHash } from 'node:crypto'
import { request } from 'node:http'
import type Stripe from 'stripe'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { monthly, sandboxed, type Sandboxed } from '../../../test/support/stripe-sandbox.ts'

let here: Sandboxed
let stripe: Stripe
beforeEach(async () => {
  here = await sandboxed()
  stripe = here.stripe
})
afterEach(() => here.sandbox.close())

const NASTY = `<img src=x onerror="alert('1')">&`
const submit = async (url: string, form: Record<string, string>, headers: Record<string, string> = {}) =>
  fetch(url, { method: 'POST', redirect: 'manual', body: new URLSearchParams(form), headers })
async function show(url: string) {
  const response = await fetch(url)
  return {
    status: response.status,
    text: await response.text(),
    policy: response.headers.get('content-security-policy') ?? '',
  }
}
async function checkout() {
  const price = await monthly(stripe, 2_000, `Solo ${NASTY}`)
  return stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: price.id, quantity: 3 }],
    success_url: 'http://127.0.0.1:9/done?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'http://127.0.0.1:9/back',
  })
}

describe('the page of a checkout', () => {
  it('says what it is, shows lines and total, and runs nothing', async () => {
    const { url } = await checkout()
    const { text, policy, status } = await show(url ?? '')
    expect(status).toBe(200)
    expect(text).toContain('Stripe sandbox of Tenon</strong> <span>no real money')
    expect(text).toMatch(/3 × \$20\.00 \/ month/)
    expect(text).toContain('$60.00')
    expect(text).toContain('href="http://127.0.0.1:9/back"')
    expect(text).not.toMatch(/<script|<img|javascript:/)
    expect(policy).toContain("default-src 'none'")
    expect(policy).not.toContain('unsafe')
    const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? ''
    expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`)
    // Browsers hold the redirect after the form to this.
    expect(policy).toContain("form-action 'self' http://127.0.0.1:9;")
  })

  it('is paid by its form, after a card that declined', async () => {
    const { id, url } = await checkout()
    const declined = await submit(url ?? '', { card: 'declines', email: 'ada@example.org' })
    expect([declined.status, await declined.text()]).toEqual([402, expect.stringContaining('Your card was declined.')])
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({ status: 'open' })
    const paid = await submit(url ?? '', { card: 'ok', email: 'ada@example.org' })
    expect([paid.status, paid.headers.get('location')]).toEqual([303, `http://127.0.0.1:9/done?session=${id}`])
    expect(await stripe.checkout.sessions.retrieve(id)).toMatchObject({
      status: 'complete',
      customer_details: { email: 'ada@example.org' },
    })
    expect((await show(`${here.sandbox.url}/sandbox/checkout/${id}`)).text).toContain('This checkout is paid')
    expect((await submit(`${here.sandbox.url}/sandbox/checkout/${id}`, { card: 'ok' })).status).toBe(402)
    expect((await stripe.subscriptions.list({})).data).toHaveLength(1)
  })
})

describe('an address that is led to', () => {
  it.each(['http://127.0.0.1:9/→?x={CHECKOUT_SESSION_ID}', 'http://127.0.0.1:9/a\nb?x={CHECKOUT_SESSION_ID}'])(
    'is written as a header can hold it: %j',
    async (success) => {
      const price = await monthly(stripe, 2_000)
      const { id, url } = await stripe.checkout.sessions.create({
        mode: 'subscription',
        line_items: [{ price: price.id, quantity: 1 }],
        success_url: success,
      })
      const paid = await submit(url ?? '', { card: 'ok' })
      const location = new URL(success.replace('{CHECKOUT_SESSION_ID}', id)).href
      expect([paid.status, paid.headers.get('location')]).toEqual([303, location])
    },
  )
})

describe('the page of a customer', () => {
  it('cancels, keeps and changes what is theirs, and nothing of others', async () => {
    const [solo, team] = [await monthly(stripe, 1_000), await monthly(stripe, 3_000, 'Team')]
    const own = await stripe.customers.create({ name: NASTY })
    const other = await stripe.customers.create({})
    const subscribe = (customer: string) => stripe.subscriptions.create({ customer, items: [{ price: solo.id }] })
    const [mine, theirs] = [await subscribe(own.id), await subscribe(other.id)]
    const { url } = await stripe.billingPortal.sessions.create({
      customer: own.id,
      return_url: 'http://127.0.0.1:9/account',
    })
    const { text } = await show(url)
    expect(text).not.toContain('<img')
    expect(text).toContain('Team, $30.00 / month')
    expect(text).not.toContain(theirs.id)
    const status = async (id: string) => stripe.subscriptions.retrieve(id)
    expect((await submit(url, { subscription: mine.id, action: 'cancel' })).status).toBe(303)
    expect(await status(mine.id)).toMatchObject({ cancel_at_period_end: true })
    expect((await show(url)).text).toContain('Ends on')
    await submit(url, { subscription: mine.id, action: 'keep' })
    await submit(url, { subscription: mine.id, action: 'change', price: team.id })
    expect(await status(mine.id)).toMatchObject({
      cancel_at_period_end: false,
      items: { data: [{ price: { id: team.id } }] },
    })
    await submit(url, { subscription: theirs.id, action: 'cancel' })
    expect(await status(theirs.id)).toMatchObject({ cancel_at_period_end: false })
    await submit(url, { card: 'declines' })
    expect((await show(url)).text).toContain('Payments are declined.')
    await here.sandbox.advance(32 * 86_400)
    expect(await status(mine.id)).toMatchObject({ status: 'past_due' })
  })
})

describe('the overview', () => {
  it('shows what there is, and advances the clock', async () => {
    await stripe.customers.create({ name: NASTY, email: 'ada@example.org' })
    here.sandbox.faults({ duplicate: 0.25 })
    const page = `${here.sandbox.url}/sandbox`
    const { text } = await show(page)
    for (const part of ['ada@example.org', 'customer.created', 'duplicate 0.25', 'to nobody'])
      expect(text).toContain(part)
    expect(text).not.toContain('<img')
    expect(text).not.toContain(here.sandbox.apiKey)
    expect((await submit(page, { seconds: '2678400' })).status).toBe(303)
    expect((await show(page)).text).toContain('31.0 days')
    expect((await fetch(here.sandbox.url, { redirect: 'manual' })).headers.get('location')).toBe('/sandbox')
  })

  it('is of no use to other sites in the same browser', async () => {
    const page = `${here.sandbox.url}/sandbox`
    const foreign = [{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }]
    for (const headers of foreign)
      expect((await submit(page, { seconds: '60' }, headers as Record<string, string>)).status).toBe(403)
    expect(
      (await submit(page, { seconds: '60' }, { origin: here.sandbox.url, 'sec-fetch-site': 'same-origin' })).status,
    ).toBe(303)
    const plain = await fetch(`${page}/advance`, {
      method: 'POST',
      body: '{"seconds":60}',
      headers: { 'content-type': 'text/plain' },
    })
    expect(plain.status).toBe(415)
  })

  it('and its API answer to no other name of this machine', async () => {
    const { hostname, port } = new URL(here.sandbox.url)
    const status = (path: string, host: string) =>
      new Promise<number>((resolve, reject) => {
        const headers = { host, authorization: `Bearer ${here.sandbox.apiKey}` }
        const asked = request({ hostname, port, path, headers }, (response) => {
          response.resume()
          resolve(response.statusCode ?? 0)
        })
        asked.on('error', reject).end()
      })
    for (const path of ['/v1/customers', '/sandbox', '/sandbox/faults']) {
      for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1.evil.example'])
        expect([path, host, await status(path, host)]).toEqual([path, host, 403])
      expect([path, await status(path, `localhost:${port}`)]).toEqual([path, 200])
    }
  })

  it('has controls that refuse what makes no sense', async () => {
    const wrong: [string, object][] = [
      ['advance', { seconds: -1 }],
      ['advance', { seconds: 1.5 }],
      ['advance', { seconds: 1e12 }],
      ['advance', { minutes: 1 }],
      ['settings', { afterRetries: 'never' }],
      ['disputes', {}],
    ]
    for (const [path, body] of wrong) expect([body, (await here.control(path, body)).status]).toEqual([body, 400])
    for (const path of [
      'customers/cus_none/card',
      'checkout/cs_none/complete',
      'disputes/du_none/close',
      'events/evt_none/resend',
      'nothing',
    ]) {
      const body = path.includes('cus_') ? { state: 'ok' } : path.includes('du_') ? { outcome: 'won' } : {}
      expect([path, (await here.control(path, body)).status]).toEqual([path, 404])
    }
    expect((await show(`${here.sandbox.url}/sandbox/checkout/cs_none`)).status).toBe(404)
    expect((await show(`${here.sandbox.url}/sandbox/portal/bps_none`)).text).toContain('This page does not exist')
  })
})
