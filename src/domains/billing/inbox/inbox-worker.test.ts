import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startBillingNode, type BillingNode } from '../../../../test/support/billing.ts'
import { waitFor } from '../../../../test/support/wait-for.ts'
import { listFindings } from '../../../contract/findings.ts'
import { armFailpoint } from '../../../kernel/failpoint.ts'
import { recordFinding } from '../../findings/index.ts'

let billing: BillingNode
beforeAll(async () => {
  billing = await startBillingNode()
})
afterAll(() => billing[Symbol.asyncDispose]())

const query = (text: string, values?: unknown[]) => billing.node.database.query<Record<string, string>>(text, values)
const deliver = async (more: object = {}): Promise<string> => {
  const id = `evt_${randomUUID().replaceAll('-', '')}`
  const created = Math.floor(Date.now() / 1000)
  const object = { id: 'in_1', object: 'invoice' }
  const event = { id, object: 'event', type: 'invoice.created', created, livemode: false, data: { object }, ...more }
  expect((await billing.deliver(JSON.stringify(event))).status).toBe(200)
  return id
}
const stateOf = async (id: string) => (await query('select state, reason from stripe_events where id = $1', [id]))[0]
/** Whoever comes there first stays until they are let go. */
const halt = (place: 'webhook.claimed' | 'webhook.committed') => {
  let resume = (): void => {}
  const halted = new Promise<void>((resolve) => (resume = resolve))
  let count = 0
  const disarm = armFailpoint(place, () => (++count === 1 ? halted : undefined))
  return {
    isReached: async () => count > 0,
    resume: () => {
      disarm()
      resume()
    },
  }
}

describe('the worker of the inbox', () => {
  it('goes on with others while one event takes long', async () => {
    const slow = halt('webhook.claimed')
    try {
      const first = await deliver()
      await waitFor(slow.isReached, 5_000)
      const others = [await deliver(), await deliver()]
      await waitFor(
        async () => (await Promise.all(others.map(stateOf))).every((row) => row?.['state'] === 'done'),
        5_000,
      )
      expect(await stateOf(first)).toMatchObject({ state: 'received' })
    } finally {
      slow.resume()
    }
    await billing.quiet()
  })

  it('drains a backlog, a few at once', async () => {
    await query(
      `insert into stripe_events (id, type, livemode, created_at)
       select 'evt_backlog' || n, 'invoice.created', false, now() from generate_series(1, 2000) n`,
    )
    let most = 0
    const look = async () => {
      const [row] = await query(
        "select count(*) filter (where state = 'received' and tries > 0) as busy, count(*) filter (where state = 'received') as left from stripe_events",
      )
      most = Math.max(most, Number(row?.['busy']))
      return row?.['left'] === '0'
    }
    await waitFor(look, 30_000)
    expect(most).toBeLessThanOrEqual(8)
  }, 40_000)

  it('gives an event up whose tries have all ended without a word', async () => {
    const slow = halt('webhook.claimed')
    const id = await deliver()
    await waitFor(slow.isReached, 5_000)
    await query('update stripe_events set tries = 20, claim = claim + 1, next_try_at = now() where id = $1', [id])
    slow.resume()
    await billing.quiet()
    expect(await stateOf(id)).toEqual({ state: 'failed', reason: 'given_up' })
  })

  it('says nothing of an event that another has claimed since', async () => {
    const org = await billing.node.onboard('zombie')
    const [account] = await query(
      "select a.org_id, customer_id from billing_accounts a join organizations using (org_id) where slug = 'zombie'",
    )
    const { org_id: orgId = '', customer_id: customer } = account ?? {}
    const slow = halt('webhook.committed')
    const object = { id: 'sub_1', object: 'subscription', customer }
    const id = await deliver({ type: 'customer.subscription.updated', data: { object } })
    await waitFor(slow.isReached, 5_000)
    await query("update stripe_events set state = 'parked', claim = claim + 1, next_try_at = null where id = $1", [id])
    const finding = { kind: 'event_parked', subject: id } as const
    const { db } = billing.node.database
    await db.tenant(orgId as `org_${string}`).write((sql) => recordFinding(sql, orgId as `org_${string}`, finding))
    slow.resume()
    // One that comes after it is applied after it.
    const later = await deliver()
    await waitFor(async () => (await stateOf(later))?.['state'] === 'done', 5_000)
    await billing.quiet()
    expect(await stateOf(id)).toMatchObject({ state: 'parked' })
    expect(await org.call(listFindings, {})).toContainEqual(expect.objectContaining({ ...finding, status: 'open' }))
  })
})
