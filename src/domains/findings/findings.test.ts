import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT_KEY, startTestNode, testOrg, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { ownOrg } from '../../../test/support/own-org.ts'
import { listAudit } from '../../contract/audit.ts'
import { listFindings, listOrphans, resolveFindingByHand, type Finding, type Orphan } from '../../contract/findings.ts'
import { createApiKey } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { Operation } from '../../contract/operation.ts'
import { recordFinding, recordOrphan, resolveFinding, resolveOrphan, resolveOrphansUnseen } from './index.ts'
import { resolveOthers, type FoundThing } from './index.ts'

let node: TestNode
let org: TestOrg
let id: OrgId
let other: TestOrg
let otherId: OrgId
let made = 0

beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.close())

async function newOrg(): Promise<void> {
  org = await node.onboard(`finds-${++made}`)
  other = await node.onboard(`others-${made}`)
  id = (await ownOrg(org)).id
  otherId = (await ownOrg(other)).id
}

const record = (found: FoundThing, where: OrgId = id) =>
  node.database.db.tenant(where).write((sql) => recordFinding(sql, where, found))
const drift = (subject: string): FoundThing => ({ kind: 'credit_drift', subject, details: { ledger: 5, balance: 6 } })

/** With the key of the operator, or with another one. */
async function asRoot(operation: Operation, input: { params?: object; query?: object; body?: object }, key = ROOT_KEY) {
  const { params = {}, query = {}, body = {} } = input
  const outcome = await node.caller.call(operation, {
    credentials: { rootKey: key },
    input: { params, query, body } as never,
    requestId: 'request-of-a-test',
    address: '192.0.2.1',
    signal: new AbortController().signal,
  })
  return outcome.ok ? { data: outcome.envelope.data, code: null } : { data: null, code: outcome.code }
}

describe('a finding', () => {
  beforeAll(newOrg)

  it('is kept once for a kind and a subject, with what is usual for its kind', async () => {
    await record(drift('balance'))
    await record({ ...drift('balance'), details: { ledger: 5, balance: 7 } })
    const findings = await org.call(listFindings, {})
    expect(findings).toMatchObject([
      {
        kind: 'credit_drift',
        subject: 'balance',
        source: 'credits',
        severity: 'critical',
        status: 'open',
        details: { balance: 7 },
        resolvedAt: null,
      },
    ])
    const [finding] = findings
    expect(Date.parse(finding?.lastSeenAt ?? '')).toBeGreaterThan(Date.parse(finding?.firstSeenAt ?? ''))
  })

  it('belongs to one organisation alone', async () => {
    await record(drift('theirs'), otherId)
    expect((await org.call(listFindings, {})).map(({ subject }) => subject)).not.toContain('theirs')
    await expect(
      node.database.db.tenant(id).write((sql) => recordFinding(sql, otherId, drift('foreign'))),
    ).rejects.toThrow('row-level security')
  })

  it('is resolved once, and opens again when it is found again', async () => {
    await record(drift('again'))
    const resolve = () =>
      node.database.db.tenant(id).write((sql) => resolveFinding(sql, id, { kind: 'credit_drift', subject: 'again' }))
    expect([await resolve(), await resolve()]).toEqual([{ resolved: true }, { resolved: false }])
    const closed = await org.call(listFindings, { status: 'resolved' })
    expect(closed.map(({ subject }) => subject)).toEqual(['again'])
    expect(closed[0]?.resolvedAt).not.toBeNull()
    expect(await record(drift('again'))).toEqual({ open: true })
    expect(await org.call(listFindings, { status: 'resolved' })).toEqual([])
  })

  it('is one, however many find it at once', async () => {
    await Promise.all(Array.from({ length: 8 }, () => record(drift('race'))))
    const subjects = (await org.call(listFindings, { limit: 200 })).map(({ subject }) => subject)
    expect(subjects.filter((subject) => subject === 'race')).toHaveLength(1)
  })

  it('of some kinds is over when a check of them has not seen it again', async () => {
    await record({ kind: 'hold_without_run', subject: 'run_a' })
    await record({ kind: 'hold_without_run', subject: 'run_b' })
    await record({ kind: 'payment_failed', subject: 'in_1' })
    const seen: FoundThing[] = [{ kind: 'hold_without_run', subject: 'run_b' }]
    const over = await node.database.db
      .tenant(id)
      .write((sql) => resolveOthers(sql, id, { kinds: ['hold_without_run'], seen }))
    expect(over).toBe(1)
    const open = (await org.call(listFindings, { status: 'open' })).map(({ subject }) => subject)
    expect(open).toEqual(expect.arrayContaining(['run_b', 'in_1']))
    expect(open).not.toContain('run_a')
  })
})

describe('the list of findings', () => {
  beforeAll(async () => {
    await newOrg()
    for (let n = 0; n < 5; n++) await record({ kind: 'payment_failed', subject: `in_${n}` })
    await record({ kind: 'above_limit', subject: 'seats' })
  })

  it('goes on page by page, newest first, without a gap', async () => {
    const subjects: string[] = []
    let cursor: string | undefined
    do {
      const page = await org.envelope(listFindings, { limit: 2, ...(cursor === undefined ? {} : { cursor }) })
      subjects.push(...page.data.map(({ subject }) => subject))
      cursor = page.meta?.pagination.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(subjects).toEqual(['seats', 'in_4', 'in_3', 'in_2', 'in_1', 'in_0'])
  })

  it('is filtered by severity and by where it was seen', async () => {
    const low = await org.call(listFindings, { severity: 'low' })
    const limits = await org.call(listFindings, { source: 'limits' })
    expect(low.map(({ subject }) => subject)).toEqual(['seats'])
    expect(limits).toEqual(low)
  })

  it('takes no cursor of another kind, and needs its scope', async () => {
    expect((await org.error(listFindings, { cursor: 'nonsense' })).code).toBe('invalid_cursor')
    const { secret } = await org.call(createApiKey, { name: 'other', scopes: ['runs:read'] })
    expect((await testOrg(node.caller, org.slug, secret).error(listFindings, {})).code).toBe('forbidden')
    expect((await org.error(listFindings, { org: other.slug })).code).toBe('not_found')
  })
})

describe('the operator', () => {
  beforeAll(newOrg)

  const close = async (subject: string, body: object, named = org.slug) => {
    const found = (await org.call(listFindings, { limit: 200 })).find((one) => one.subject === subject)
    return asRoot(resolveFindingByHand, { params: { org: named, finding: found?.id ?? 'none' }, body })
  }

  it('resolves a finding, which opens again when it is found again, in the audit trail', async () => {
    await record(drift('by-hand'))
    expect((await close('by-hand', { note: 'counted again' })).data).toMatchObject({ status: 'resolved' })
    expect(await record(drift('by-hand'))).toEqual({ open: true })
    const [entry] = await org.call(listAudit, { action: 'findings.resolve', order: 'newest' })
    expect(entry).toMatchObject({ actor: 'root', details: { subject: 'by-hand', note: 'counted again' } })
  })

  it('ignores a finding, which stays closed when it is found again', async () => {
    await record(drift('ignored'))
    const first = (await close('ignored', { ignore: true })).data as Finding
    const second = (await close('ignored', { ignore: true })).data as Finding
    expect(second).toEqual(first)
    expect(await record(drift('ignored'))).toEqual({ open: false })
    const found = (await org.call(listFindings, { status: 'ignored' })).map(({ subject }) => subject)
    expect(found).toEqual(['ignored'])
  })

  it('is told when there is no such finding, also when another organisation has it', async () => {
    expect((await close('none', {})).code).toBe('not_found')
    expect((await close('by-hand', {}, other.slug)).code).toBe('not_found')
  })

  it('sees orphans, which nobody else does', async () => {
    const lost = { system: 'stripe', kind: 'customer_without_org', reference: 'cus_1' } as const
    expect(await recordOrphan(node.database.db, { ...lost, details: { org: 'org_gone' } })).toEqual({ isNew: true })
    expect(await recordOrphan(node.database.db, lost)).toEqual({ isNew: false })
    const list = async (query: object = {}) => (await asRoot(listOrphans, { query })).data as Orphan[]
    expect(await list()).toMatchObject([{ ...lost, status: 'open' }])
    expect(await list({ system: 'accounts' })).toEqual([])
    expect(await resolveOrphan(node.database.db, lost)).toEqual({ resolved: true })
    expect(await resolveOrphan(node.database.db, lost)).toEqual({ resolved: false })
    expect(await list({ status: 'open' })).toEqual([])
    expect((await asRoot(listOrphans, {}, org.apiKey)).code).toBe('invalid_api_key')
  })

  it('sees no orphan any more that a whole round has not met', async () => {
    const { db } = node.database
    await recordOrphan(db, { system: 'stripe', kind: 'subscription_without_org', reference: 'sub_old' })
    const [{ now } = { now: '' }] = await node.database.query<{ now: string }>('select clock_timestamp()::text as now')
    await recordOrphan(db, { system: 'stripe', kind: 'subscription_without_org', reference: 'sub_new' })
    expect(await resolveOrphansUnseen(db, { kinds: ['subscription_without_org'], since: now })).toBe(1)
    const open = (await asRoot(listOrphans, { query: { status: 'open' } })).data as Orphan[]
    expect(open.map(({ reference }) => reference)).toEqual(['sub_new'])
  })
})
