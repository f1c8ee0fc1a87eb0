import { createHmac, randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signatureOf, startBillingNode, type BillingNode } from '../../../../test/support/billing.ts'
import { silentLog } from '../../../../test/support/database.ts'
import { ROOT_KEY, startTestNode } from '../../../../test/support/node.ts'
import { listenOn } from '../../../../test/support/http-node.ts'
import { createCheckout, getBilling } from '../../../contract/billing.ts'
import type { Log } from '../../../kernel/ctx.ts'

let billing: BillingNode
const warnings: { fields: object; message: string }[] = []
const log: Log = {
  ...silentLog,
  warn: (fields, message) => void warnings.push({ fields, message }),
  child: () => log,
}
beforeAll(async () => {
  billing = await startBillingNode({ log })
})
afterAll(() => billing[Symbol.asyncDispose]())

const newEvent = (more: object = {}) => ({
  id: `evt_${randomUUID().replaceAll('-', '')}`,
  object: 'event',
  type: 'invoice.created',
  api_version: '2026-10-28.endive',
  created: Math.floor(Date.now() / 1000),
  livemode: false,
  data: { object: { id: 'in_1', object: 'invoice', customer: 'cus_1' } },
  ...more,
})
const stored = async (id?: string) =>
  billing.node.database.query<{
    id: string
    state: string
    reason: string | null
    tries: number
    org_id: string | null
  }>('select id, state, reason, tries, org_id from stripe_events where $1::text is null or id = $1', [id ?? null])
const countOf = async () => (await stored()).length
/** Refused, and nothing is written. */
const refused = async (send: () => Promise<{ status: number }>): Promise<number> => {
  const before = await countOf()
  const { status } = await send()
  expect(await countOf()).toBe(before)
  return status
}
const secret = () => billing.settings.webhookSecrets[0] ?? ''
const hmac = (text: string, key = secret()) => createHmac('sha256', key).update(text).digest('hex')
const now = () => Math.floor(Date.now() / 1000)

describe('a webhook', () => {
  it('that is signed is stored once and answered at once', async () => {
    const event = newEvent()
    const body = JSON.stringify(event)
    expect(await billing.deliver(body)).toEqual({ status: 200, body: { data: { received: true } } })
    expect(await billing.deliver(body)).toEqual({ status: 200, body: { data: { received: true, duplicate: true } } })
    expect(await stored(event.id)).toHaveLength(1)
    await billing.quiet()
    expect(await stored(event.id)).toMatchObject([{ state: 'done', reason: 'not_handled' }])
  })

  it('of which one byte was changed, anywhere, is refused', async () => {
    const body = Buffer.from(JSON.stringify(newEvent()))
    const signature = signatureOf(body, billing.settings)
    for (let at = 0; at < body.length; at += 13) {
      const changed = Buffer.from(body)
      changed[at] = (changed[at] ?? 0) ^ 1
      expect(await refused(() => billing.deliver(changed, { 'stripe-signature': signature }))).toBe(400)
    }
  })

  it('that was written anew, cut short or given a byte order mark is refused', async () => {
    const text = JSON.stringify(newEvent({ data: { object: { id: 'in_2', text: 'é' } } }))
    const signature = signatureOf(text, billing.settings)
    const others = [
      JSON.stringify(JSON.parse(text), null, 2),
      `${text}\n`,
      ` ${text}`,
      `\uFEFF${text}`,
      text.replace('é', '\\u00e9'),
      text.slice(0, -1),
      text.slice(0, 20),
      '',
    ]
    for (const other of others)
      expect(await refused(() => billing.deliver(other, { 'stripe-signature': signature }))).toBe(400)
    const latin = Buffer.from(text, 'latin1')
    expect(
      await refused(() => billing.deliver(latin, { 'stripe-signature': signatureOf(text, billing.settings) })),
    ).toBe(400)
  })

  it('without the signature of the scheme that counts is refused', async () => {
    const body = JSON.stringify(newEvent())
    const at = now()
    const good = hmac(`${at}.${body}`)
    const headers = [
      '',
      'v1',
      `v1=${good}`,
      `t=${at}`,
      `t=${at},v0=${good}`,
      `t=${at},v1=`,
      `t=${at},v1=${good.slice(0, -2)}`,
      `t=${at},v1=${'0'.repeat(64)}`,
      `t=${at},v1=${hmac(`${at}.${body}`, 'whsec_of_somebody_else')}`,
      `t=${at},v1=${hmac(body)}`,
      `t=abc,v1=${hmac(`NaN.${body}`)}`,
      `t=${at}abc,v1=${good}`,
      `t=${at - 400},t=${at},v1=${good}`,
    ]
    for (const header of headers)
      expect([header, await refused(() => billing.deliver(body, { 'stripe-signature': header }))]).toEqual([
        header,
        400,
      ])
    const accepted = await billing.deliver(body, {
      'stripe-signature': `t=${at},v0=zz,v1=${'0'.repeat(64)},v1=${good}`,
    })
    expect(accepted.status).toBe(200)
  })

  it('that was signed more than five minutes ago, or ahead, is refused', async () => {
    const at = (seconds: number) => {
      const body = JSON.stringify(newEvent())
      return { body, headers: { 'stripe-signature': signatureOf(body, billing.settings, Date.now() + seconds * 1000) } }
    }
    for (const seconds of [-301, 302, -3_600, 10 * 365 * 86_400]) {
      const { body, headers } = at(seconds)
      expect([seconds, await refused(() => billing.deliver(body, headers))]).toEqual([seconds, 400])
    }
    for (const seconds of [-295, 295]) {
      const { body, headers } = at(seconds)
      expect([seconds, (await billing.deliver(body, headers)).status]).toEqual([seconds, 200])
    }
  })

  it('that is too large, no JSON or not of its type is refused after its signature was checked', async () => {
    const large = JSON.stringify(newEvent({ filler: 'x'.repeat(256 * 1024) }))
    expect(await refused(() => billing.deliver(large))).toBe(413)
    const body = JSON.stringify(newEvent())
    expect(await refused(() => billing.deliver(body, { 'content-type': 'text/plain' }))).toBe(415)
    expect(
      await refused(() => billing.deliver(body, { 'content-type': 'text/plain', 'stripe-signature': 't=1,v1=00' })),
    ).toBe(400)
    for (const text of ['{', '[]', '"text"', 'null', '{"id":"evt_1"}', JSON.stringify(newEvent({ id: 'evt_1\u0000' }))])
      expect([text, await refused(() => billing.deliver(text))]).toEqual([text, 400])
    for (const wrong of [{ id: 'in_1' }, { created: -1 }, { livemode: 'no' }, { data: null }, { type: '' }])
      expect(await refused(() => billing.deliver(JSON.stringify(newEvent(wrong))))).toBe(400)
  })

  it('sent a hundred times at once is one event with one effect', async () => {
    const org = await billing.node.onboard('hundred')
    const { id: session } = await org.call(createCheckout, { pack: 'small' })
    await billing.pay(session)
    await billing.quiet()
    const [customer] = await billing.node.database.query<{ customer_id: string }>(
      "select customer_id from billing_accounts join organizations using (org_id) where slug = 'hundred'",
    )
    const object = { id: session, object: 'checkout.session', customer: customer?.customer_id }
    const event = newEvent({ type: 'checkout.session.completed', data: { object } })
    const body = JSON.stringify(event)
    const answers = await Promise.all(Array.from({ length: 100 }, () => billing.deliver(body)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(100)
    expect(answers.filter(({ body: given }) => !JSON.stringify(given).includes('duplicate'))).toHaveLength(1)
    await billing.quiet()
    expect(await stored(event.id)).toMatchObject([{ state: 'done' }])
    const grants = await billing.node.database.query(
      'select from credit_grants join organizations using (org_id) where slug = $1 and kind = $2',
      ['hundred', 'pack'],
    )
    expect(grants).toHaveLength(1)
  })
})

describe('what can not be applied', () => {
  const replay = (id: string) =>
    fetch(`${billing.http.url}/v1/stripe/events/${id}/replay`, { method: 'POST', headers: { 'x-root-key': ROOT_KEY } })
  const list = async (query: string) => {
    const response = await fetch(`${billing.http.url}/v1/stripe/events${query}`, {
      headers: { 'x-root-key': ROOT_KEY },
    })
    return (await response.json()) as {
      data: { id: string; state: string }[]
      meta: { pagination: { nextCursor: string | null } }
    }
  }

  it.each([
    [
      'an unknown customer',
      { type: 'customer.subscription.updated', data: { object: { id: 'sub_9', customer: 'cus_999999999' } } },
      'unknown_customer',
    ],
    [
      'an object that Stripe does not know',
      { type: 'invoice.paid', data: { object: { id: 'in_9' } } },
      'unknown_object',
    ],
    ['no object at all', { type: 'checkout.session.completed', data: { object: {} } }, 'unknown_object'],
    ['no customer', { type: 'customer.deleted', data: { object: { object: 'customer' } } }, 'no_customer'],
    ['the other mode', { type: 'invoice.paid', livemode: true, data: { object: { id: 'in_9' } } }, 'wrong_mode'],
  ])('%s: it is answered, parked with a warning, and can be replayed', async (_, more, reason) => {
    const event = newEvent(more)
    warnings.length = 0
    expect((await billing.deliver(JSON.stringify(event))).status).toBe(200)
    await billing.quiet()
    expect(await stored(event.id)).toMatchObject([{ state: 'parked', reason, tries: 1 }])
    const told = JSON.stringify(warnings.filter(({ message }) => message.includes('parked')))
    expect(told).toContain(reason)
    expect(told).not.toContain(event.id)
    expect((await list('?state=parked&limit=200')).data.map(({ id }) => id)).toContain(event.id)
    const answer = await replay(event.id)
    expect([answer.status, await answer.json()]).toMatchObject([200, { data: { id: event.id, state: 'received' } }])
    await billing.quiet()
    expect(await stored(event.id)).toMatchObject([{ state: 'parked', reason, tries: 1 }])
  })

  it('is applied by a replay once what was wrong has been mended', async () => {
    const org = await billing.node.onboard('mended')
    const { id: session } = await org.call(createCheckout, { plan: 'solo' })
    const { query } = billing.node.database
    const [account] = await query<{ org_id: string; customer_id: string }>(
      "select a.* from billing_accounts a join organizations using (org_id) where slug = 'mended'",
    )
    await query('update billing_accounts set customer_id = null where org_id = $1', [account?.org_id])
    await billing.pay(session)
    await billing.quiet()
    const parked = (await list('?state=parked&limit=200')).data
    const own = await query<{ id: string }>(
      "select id from stripe_events where customer_id = $1 and state = 'parked'",
      [account?.customer_id],
    )
    expect(own.length).toBeGreaterThan(0)
    expect(parked.map(({ id }) => id)).toEqual(expect.arrayContaining(own.map(({ id }) => id)))
    await query('update billing_accounts set customer_id = $2 where org_id = $1', [
      account?.org_id,
      account?.customer_id,
    ])
    for (const { id } of own) expect((await replay(id)).status).toBe(200)
    await billing.quiet()
    expect(await org.call(getBilling, {})).toMatchObject({ plan: 'team', subscribedPlan: 'solo' })
  })

  it('is listed page by page for the operator alone', async () => {
    const first = await list('?limit=3')
    const second = await list(`?limit=3&cursor=${first.meta.pagination.nextCursor}`)
    const ids = [...first.data, ...second.data].map(({ id }) => id)
    expect(new Set(ids).size).toBe(6)
    for (const headers of [{}, { 'x-root-key': 'wrong' }]) {
      expect((await fetch(`${billing.http.url}/v1/stripe/events`, { headers })).status).toBe(401)
      expect(
        (await fetch(`${billing.http.url}/v1/stripe/events/evt_1/replay`, { method: 'POST', headers })).status,
      ).toBe(401)
    }
    expect((await replay('evt_that_there_is_not')).status).toBe(404)
  })
})

it('without settings, billing says so and all else works', async () => {
  const node = await startTestNode()
  const http = await listenOn(node.caller)
  try {
    const org = await node.onboard('unset')
    expect(await org.error(getBilling, {})).toMatchObject({ code: 'billing_not_configured' })
    const answer = await fetch(`${http.url}/v1/stripe/webhook`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'stripe-signature': 't=1,v1=00' },
      body: '{}',
    })
    expect([answer.status, await answer.json()]).toMatchObject([503, { error: { code: 'billing_not_configured' } }])
  } finally {
    http.drain()
    await http.close(0)
    await node.close()
  }
})
