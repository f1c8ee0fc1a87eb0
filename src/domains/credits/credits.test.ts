import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { ROOT_KEY, startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import * as contract from '../../contract/credits.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { listAudit } from '../../contract/audit.ts'
import type { DataOf, Operation } from '../../contract/operation.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import * as credits from './index.ts'

let node: TestNode
let org: TestOrg
let id: OrgId
beforeAll(async () => {
  node = await startTestNode()
  org = await node.onboard('rich')
  id = await idOf('rich')
})
afterAll(() => node.close())

async function idOf(slug: string): Promise<OrgId> {
  const [row] = await node.database.query<{ id: OrgId }>('select org_id as id from organizations where slug = $1', [
    slug,
  ])
  if (row === undefined) throw new Error('no organisation')
  return row.id
}
const write = <T>(work: (sql: Sql) => Promise<T>): Promise<T> => node.database.db.tenant(id).write(work)
const available = async (): Promise<number> => (await org.call(contract.getCredits, {})).available

/** As the operator. */
async function ask<Op extends Operation>(operation: Op, body: object, more: { key?: string; slug?: string } = {}) {
  const outcome = await node.caller.call(operation, {
    credentials: { rootKey: ROOT_KEY },
    input: { params: { org: more.slug ?? 'rich' }, query: {}, body } as never,
    requestId: 'request-of-the-operator',
    signal: new AbortController().signal,
    address: '192.0.2.1',
    ...(more.key === undefined ? {} : { idempotencyKey: more.key }),
  })
  return outcome.envelope as { data: DataOf<Op>; error?: { code: string; details?: object } }
}

async function chargedRun(captured: number): Promise<RunId> {
  const run = newId('run')
  await write(async (sql) => {
    await credits.reserveCredits(sql, id, { run, amount: captured + 5 })
    await credits.settleCredits(sql, id, { run, key: 'work', captured, released: 0 })
  })
  return run
}

describe('a grant of the operator', () => {
  it('adds credits, is audited, and is made once for each key, for ever', async () => {
    const before = await available()
    const note = 'for the beta'
    const { data } = await ask(contract.grantCredits, { amount: 500, note }, { key: 'once' })
    expect(data).toEqual({ granted: true, available: before + 500 })
    // Answers are kept for a day; the ledger keeps its keys.
    await node.database.query("delete from idempotency_records where key = 'once'")
    expect((await ask(contract.grantCredits, { amount: 500, note }, { key: 'once' })).data).toEqual({
      granted: false,
      available: before + 500,
    })
    const [entry] = await org.call(contract.listCreditEntries, { limit: 1 })
    expect(entry).toMatchObject({ kind: 'grant', available: 500, reserved: 0, note, run: null })
    const actions = (await org.call(listAudit, { action: 'credits.grant' })).map(({ actor }) => actor)
    expect(actions).toContain('root')
    expect((await org.call(contract.getCredits, {})).grants).toContainEqual(
      expect.objectContaining({ kind: 'promotion', amount: 500, remaining: 500, expiresAt: null, note }),
    )
  })

  it.each([0, -1, 1.5, 1_000_000_001, 2 ** 53, Number.NaN, '5'])('of %s credits is refused', async (amount) => {
    const before = await available()
    const answer = await ask(contract.grantCredits, { amount, note: 'odd' })
    expect(answer.error?.code).toBe('validation_failed')
    expect(await available()).toBe(before)
  })

  it('that is over already, and one for nobody, are refused', async () => {
    const over = await ask(contract.grantCredits, { amount: 5, note: 'late', expiresAt: '2020-01-01T00:00:00Z' })
    expect(over.error?.code).toBe('validation_failed')
    expect((await ask(contract.grantCredits, { amount: 5, note: 'x' }, { slug: 'nobody' })).error?.code).toBe(
      'not_found',
    )
  })

  it('may be one of many: what is reserved of all at once is settled and given back as well', async () => {
    await node.onboard('vast')
    const vast = await idOf('vast')
    const tenant = node.database.db.tenant(vast)
    const run = newId('run')
    await tenant.write(async (sql) => {
      for (const source of ['one', 'two', 'three'])
        await credits.grantCredits(sql, vast, { kind: 'pack', source, amount: 1_000_000_000, expiresAt: null })
      await credits.reserveCredits(sql, vast, { run, amount: 2_500_000_000 })
    })
    const { available: left } = await credits.balanceOf(tenant.read, vast)
    await tenant.write((sql) => credits.releaseRest(sql, vast, { run, key: 'end', capture: 1_200_000_000 }))
    expect(await credits.balanceOf(tenant.read, vast)).toEqual({ available: left + 1_300_000_000, reserved: 0 })
    expect(await credits.creditDrift(tenant.read, vast)).toEqual([])
  })

  it.each([-1, 1.5, 2 ** 53, 1e21, Number.NaN])(
    'of %s credits is not reserved, settled or refunded',
    async (amount) => {
      const run = await chargedRun(3)
      const before = await available()
      for (const change of [
        (sql: Sql) => credits.reserveCredits(sql, id, { run, amount, key: 'odd' }),
        (sql: Sql) => credits.settleCredits(sql, id, { run, key: 'odd', captured: amount, released: 0 }),
        (sql: Sql) => credits.settleCredits(sql, id, { run, key: 'odd', captured: 0, released: amount }),
        (sql: Sql) => credits.refundCredits(sql, id, { run, key: 'odd', amount, reason: 'odd' }),
        (sql: Sql) => credits.revokeGrant(sql, id, { source: 'root:once', key: 'odd', amount }),
      ])
        await expect(write<unknown>(change)).rejects.toMatchObject({ code: 'validation_failed' })
      expect(await available()).toBe(before)
    },
  )

  it('never makes a balance that is no exact number', async () => {
    const other = await node.onboard('endless')
    const endless = await idOf('endless')
    await node.database.query(
      'insert into credit_accounts (org_id, available) values ($1, 9007199254740991) on conflict (org_id) do update set available = excluded.available',
      [endless],
    )
    expect((await ask(contract.grantCredits, { amount: 1, note: 'too much' }, { slug: 'endless' })).error?.code).toBe(
      'validation_failed',
    )
    expect((await other.call(contract.getCredits, {})).available).toBe(9_007_199_254_740_991)
  })
})

describe('a refund', () => {
  it('gives back at most what the run was charged, once for each key', async () => {
    const run = await chargedRun(30)
    const before = await available()
    const refund = (amount: number, key: string) =>
      ask(contract.refundCredits, { run, amount, reason: 'it failed' }, { key })
    expect((await refund(20, 'first')).data).toEqual({ run, refunded: 20, available: before + 20 })
    await node.database.query("delete from idempotency_records where key = 'first'")
    expect((await refund(20, 'first')).data).toMatchObject({ refunded: 20, available: before + 20 })
    expect((await refund(11, 'second')).error).toMatchObject({
      code: 'refund_exceeds_charge',
      details: { requested: 11, refundable: 10 },
    })
    expect((await refund(10, 'third')).data).toMatchObject({ refunded: 30, available: before + 30 })
    expect((await ask(contract.refundCredits, { run: newId('run'), amount: 1, reason: 'x' })).error?.code).toBe(
      'not_found',
    )
  })
})

describe('credits as callers see them', () => {
  it('are the balance, its grants, the reservations and what was used this month', async () => {
    const before = await org.call(contract.getCredits, {})
    const run = await chargedRun(7)
    const now = await org.call(contract.getCredits, {})
    expect(now).toMatchObject({
      available: before.available - 12,
      reserved: before.reserved + 5,
      usedThisMonth: before.usedThisMonth + 7,
    })
    expect(now.reservations).toContainEqual(expect.objectContaining({ run, reserved: 5, captured: 7 }))
    const { entries, ...statement } = await org.call(contract.getCreditStatement, { run })
    expect(statement).toEqual({ run, reserved: 5, captured: 7, released: 0, refunded: 0, open: true })
    expect(entries.map(({ kind, available: a, reserved }) => [kind, a, reserved])).toEqual([
      ['capture', 0, -7],
      ['reserve', -12, 12],
    ])
    expect(await org.call(contract.listCreditEntries, { run })).toEqual(entries)
    expect(await org.call(contract.listCreditEntries, { run, kind: 'capture' })).toEqual(entries.slice(0, 1))
  })

  it('are listed in pages that leave nothing out', async () => {
    const all = await org.call(contract.listCreditEntries, { limit: 200 })
    const found: number[] = []
    for (let cursor: string | undefined; ;) {
      const page = await org.envelope(contract.listCreditEntries, {
        limit: 3,
        ...(cursor === undefined ? {} : { cursor }),
      })
      found.push(...page.data.map(({ seq }) => seq))
      const next = page.meta?.pagination.nextCursor
      if (next === null || next === undefined) break
      cursor = next
    }
    expect(found).toEqual(all.map(({ seq }) => seq))
    expect(found).toEqual(Array.from({ length: all.length }, (_, i) => all.length - i))
  })

  it('are those of the organisation alone', async () => {
    const run = await chargedRun(1)
    const other = await node.onboard('other')
    expect(await other.error(contract.getCreditStatement, { run })).toMatchObject({ code: 'not_found' })
    expect(await other.call(contract.listCreditEntries, { run })).toEqual([])
    expect((await org.error(contract.getCredits, { org: 'other' })).code).toBe('not_found')
  })
})

describe('an organisation that can not pay', () => {
  it('is told how much is required and how much there is', async () => {
    const { available: left } = await org.call(contract.getCredits, {})
    const reserved = write((sql) => credits.reserveCredits(sql, id, { run: newId('run'), amount: left + 1 }))
    await expect(reserved).rejects.toMatchObject({
      code: 'insufficient_credits',
      details: { required: left + 1, available: left },
    })
  })
})

describe('the sweep', () => {
  const sweep = (now: Date) => credits.sweepCredits(node.database.db, { clock: { now: () => now }, log: silentLog })
  const IN_JANUARY = new Date('2090-01-31T23:59:59Z')

  it('gives the credits of the month once, with the end of the month, to whoever has no subscription', async () => {
    await Promise.all([sweep(IN_JANUARY), sweep(IN_JANUARY)])
    await sweep(IN_JANUARY)
    const grants = await node.database.query<{ amount: string; expires: string }>(
      "select amount, expires_at::text as expires from credit_grants where org_id = $1 and source = 'plan:2090-01'",
      [id],
    )
    expect(grants).toEqual([{ amount: '50000', expires: expect.stringMatching(/^2090-02-01 00:00:00/) as string }])
    await sweep(new Date('2090-02-01T00:00:00Z'))
    const kinds = await node.database.query(
      "select from credit_grants where org_id = $1 and source like 'plan:2090-%'",
      [id],
    )
    expect(kinds).toHaveLength(2)
  })

  it('writes off what has expired and nothing else, and nobody can reserve it before that', async () => {
    const brief = await node.onboard('brief')
    const own = await idOf('brief')
    const { db } = node.database
    const left = async (): Promise<number> => (await brief.call(contract.getCredits, {})).available
    const before = await left()
    const soon = { kind: 'pack', source: 'soon', amount: 40, expiresAt: new Date(Date.now() + 500) } as const
    await db.tenant(own).write((sql) => credits.grantCredits(sql, own, soon))
    expect(await left()).toBe(before + 40)
    await waitFor(async () => (await left()) === before, 5_000)
    const more = { run: newId('run'), amount: before + 1 }
    await expect(db.tenant(own).write((sql) => credits.reserveCredits(sql, own, more))).rejects.toMatchObject({
      code: 'insufficient_credits',
      details: { available: before },
    })
    const expired = () => brief.call(contract.listCreditEntries, { kind: 'expire' })
    expect(await expired()).toEqual([])
    await sweep(new Date())
    await waitFor(async () => (await expired()).length > 0, 1_000)
    expect(await expired()).toMatchObject([{ available: -40 }])
    expect(await credits.creditDrift(db.tenant(own).read, own)).toEqual([])
  })

  it('gives back what is held for longer than any run lives', async () => {
    const run = await chargedRun(3)
    await node.database.query("update credit_holds set expires_at = now() - interval '1 s' where run_id = $1", [run])
    await sweep(IN_JANUARY)
    expect(await org.call(contract.getCreditStatement, { run })).toMatchObject({
      open: false,
      reserved: 0,
      released: 5,
    })
  })
})

describe('the ledger', () => {
  it('only grows, whoever asks, and goes with its organisation alone', async () => {
    for (const role of [
      '',
      'set local role tenon_app; ',
      'set local role tenon_engine; ',
      'set local role tenon_keeper; ',
    ])
      for (const change of [
        'update credit_entries set d_available = 1',
        'delete from credit_entries',
        'truncate credit_entries',
      ]) {
        const tried = node.database.afterwards(
          `select set_config('app.org_id', '${id}', true); ${role}${change}`,
          'select 1',
        )
        await expect(tried).rejects.toThrow(/only grows|permission denied/)
      }
    const gone = await node.database.afterwards(
      `delete from organizations where org_id = '${id}'`,
      `select from credit_entries where org_id = '${id}'`,
    )
    expect(gone).toEqual([])
  })

  it.each([
    [
      'a grant by the engine',
      'tenon_engine',
      `insert into credit_grants (org_id, id, source, kind, amount, remaining)`,
    ],
    ['moving an account', 'tenon_app', `update credit_accounts set org_id`],
    ['moving an account, by the engine', 'tenon_engine', `update credit_accounts set org_id`],
  ])('does not permit %s', async (_, role, change) => {
    const rest = change.startsWith('insert') ? ` values ('${id}', 'g', 's', 'pack', 1, 1)` : ` = 'org_other'`
    const tried = node.database.afterwards(
      `select set_config('app.org_id', '${id}', true); set local role ${role}; ${change}${rest}`,
      'select 1',
    )
    await expect(tried).rejects.toThrow(/permission denied/)
  })

  it('shows a reconciler what does not add up', async () => {
    expect(await write((sql) => credits.creditDrift(sql, id))).toEqual([])
    const [before] = await node.database.query<{ available: string }>(
      'select available from credit_accounts where org_id = $1',
      [id],
    )
    await node.database.query('update credit_accounts set available = available + 1 where org_id = $1', [id])
    const found = await write((sql) => credits.creditDrift(sql, id))
    expect(found).toContainEqual({
      what: 'available is the sum of its entries',
      expected: Number(before?.available),
      found: Number(before?.available) + 1,
    })
    await node.database.query('update credit_accounts set available = available - 1 where org_id = $1', [id])
  })
})
