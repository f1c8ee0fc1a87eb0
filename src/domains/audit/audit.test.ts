import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT_KEY, startTestNode, testOrg, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { ownOrg } from '../../../test/support/own-org.ts'
import { listAudit, type AuditEntry } from '../../contract/audit.ts'
import { createApiKey, getMe, listApiKeys, revokeApiKey, rotateApiKey } from '../../contract/identity.ts'
import { setLimits } from '../../contract/limits.ts'
import { verifyChain } from './index.ts'

let node: TestNode
let org: TestOrg
let other: TestOrg
let orgId: string

beforeAll(async () => {
  node = await startTestNode()
  org = await node.onboard('watched')
  other = await node.onboard('unwatched')
  orgId = (await ownOrg(org)).id
})
afterAll(() => node.close())

async function trail(of: TestOrg = org): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  let cursor: string | null = null
  do {
    const page: { data: AuditEntry[]; meta?: { pagination: { nextCursor: string | null } } } = await of.envelope(
      listAudit,
      {
        order: 'oldest',
        limit: 7,
        ...(cursor === null ? {} : { cursor }),
      },
    )
    entries.push(...page.data)
    cursor = page.meta?.pagination.nextCursor ?? null
  } while (cursor !== null)
  return entries
}

describe('the audit trail', () => {
  it('begins with the making of the organisation', async () => {
    const [first] = await trail()
    expect(first).toMatchObject({
      seq: 1,
      action: 'organizations.onboard',
      outcome: 'done',
      actor: 'root',
      resources: { org: orgId },
      details: { slug: 'watched', plan: 'team' },
    })
  })

  it('says who did what to what, and never a secret', async () => {
    const made = await org.call(createApiKey, { name: 'ci', scopes: ['runs:read'] })
    await org.call(revokeApiKey, { key: made.id })
    const [revoked, created] = (await org.envelope(listAudit, { limit: 2 })).data
    expect(created).toMatchObject({ action: 'apiKeys.create', resources: { id: made.id }, details: { name: 'ci' } })
    expect(revoked).toMatchObject({ action: 'apiKeys.revoke', resources: { key: made.id }, address: '192.0.2.1' })
    const me = await org.call(getMe, {})
    expect(revoked?.actor).toBe(me.apiKey?.id)
    expect(JSON.stringify(await trail())).not.toContain(made.secret.slice(12))
  })

  it('can be filtered whatever text it holds', async () => {
    for (const name of ['\u{1f511} key', '\\ud800', '{"a":1}', "'"]) await org.call(createApiKey, { name })
    expect((await org.envelope(listAudit, { action: 'apiKeys.create', outcome: 'done' })).data.length).toBeGreaterThan(
      3,
    )
    expect(await org.error(createApiKey, { name: 'half \ud800' })).toMatchObject({ code: 'validation_failed' })
  })

  it('has nothing of what only reads', async () => {
    const before = (await trail()).length
    await org.call(listApiKeys, {})
    await org.call(getMe, {})
    expect(await trail()).toHaveLength(before)
  })

  it('tells of refusals: a lacking scope, a revoked key, the id of another organisation', async () => {
    const weak = await org.call(createApiKey, { name: 'weak', scopes: ['runs:read'] })
    const weakOrg = testOrg(node.caller, org.slug, weak.secret)
    await weakOrg.error(listApiKeys, {})
    await org.call(revokeApiKey, { key: weak.id })
    await weakOrg.error(getMe, {})
    await org.error(listApiKeys, { org: other.slug })
    const refused = (await org.envelope(listAudit, { outcome: 'refused', order: 'oldest' })).data
    expect(refused.map(({ action, code, actor }) => [action, code, actor === weak.id])).toEqual([
      ['apiKeys.list', 'forbidden', true],
      ['me.get', 'invalid_api_key', true],
      ['apiKeys.list', 'not_found', false],
    ])
    expect((await other.envelope(listAudit, { outcome: 'refused' })).data).toEqual([])
  })

  it("has the operator's doings", async () => {
    await node.caller.call(setLimits, {
      credentials: { rootKey: ROOT_KEY },
      input: { params: { org: org.slug }, query: {}, body: { runsPerDay: 9 } },
      requestId: 'request-of-the-operator',
      signal: new AbortController().signal,
      address: '192.0.2.9',
    })
    const [entry] = (await org.envelope(listAudit, { action: 'limits.set' })).data
    expect(entry).toMatchObject({ actor: 'root', address: '192.0.2.9', details: { runsPerDay: 9 } })
  })

  it('is one unbroken chain, also after many calls at once', async () => {
    await Promise.all(Array.from({ length: 40 }, (_, n) => org.call(createApiKey, { name: `k${n}` })))
    const entries = await trail()
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, i) => i + 1))
    const verdict = await verifyChain(entries, { org: orgId })
    expect(verdict).toEqual({
      ok: true,
      entries: entries.length,
      first: 1,
      last: entries.length,
      head: entries.at(-1)?.hash,
    })
  })

  it('can not be changed by Tenon itself', async () => {
    for (const change of [
      "update audit_entries set entry = '[]'",
      'delete from audit_entries',
      'truncate audit_entries',
    ]) {
      const attempt = node.database.afterwards(`set local role tenon_app; set local app.org_id = '${orgId}'`, change)
      await expect(attempt).rejects.toThrow(/permission denied/)
    }
  })
})

describe('a trail that was tampered with', () => {
  const TAMPERINGS: Record<string, (entries: AuditEntry[]) => AuditEntry[]> = {
    'a changed field': (entries) => entries.map((entry) => (entry.seq === 3 ? { ...entry, actor: 'root' } : entry)),
    'a changed detail': (entries) =>
      entries.map((entry) => (entry.seq === 3 ? { ...entry, details: { a: 1 } } : entry)),
    'an entry left out': (entries) => entries.filter(({ seq }) => seq !== 3),
    'two entries swapped': ([a, b, c, ...rest]) => [a, c, b, ...rest].filter((entry) => entry !== undefined),
    'a new beginning': (entries) => entries.slice(1).map((entry) => ({ ...entry, seq: entry.seq - 1 })),
  }
  for (const [name, tamper] of Object.entries(TAMPERINGS)) {
    it(`is found: ${name}`, async () => {
      expect(await verifyChain(tamper(await trail()), { org: orgId })).toMatchObject({ ok: false })
    })
  }

  it('is found when its beginning was cut off, or it is of another', async () => {
    const entries = await trail()
    expect(await verifyChain(entries.slice(2), { org: orgId })).toMatchObject({ ok: false, seq: 3 })
    expect(await verifyChain(entries.slice(2), {})).toMatchObject({ ok: true })
    expect(await verifyChain(entries, { org: 'org_00000000000000000000000000' })).toMatchObject({ ok: false, seq: 1 })
    expect(await verifyChain([], { org: orgId })).toMatchObject({ ok: false })
  })

  it('is found when its end was cut off, by the hash that was noted', async () => {
    const entries = await trail()
    const head = entries.at(-1)?.hash
    expect(await verifyChain(entries.slice(0, -1), { org: orgId })).toMatchObject({ ok: true })
    expect(await verifyChain(entries.slice(0, -1), { org: orgId, head })).toMatchObject({ ok: false })
  })
})

describe('without an audit trail', () => {
  it('nothing is changed', async () => {
    const key = await org.call(createApiKey, { name: 'to stay' })
    await node.database.query('revoke insert on audit_entries from tenon_app')
    try {
      expect(await org.error(rotateApiKey, { key: key.id })).toMatchObject({ code: 'audit_unavailable' })
      expect(await org.error(createApiKey, { name: 'never made' })).toMatchObject({ code: 'audit_unavailable' })
    } finally {
      await node.database.query('grant insert on audit_entries to tenon_app')
    }
    const names = (await org.envelope(listApiKeys, { limit: 200 })).data
    expect(names.filter(({ name }) => name === 'never made')).toEqual([])
    expect(names.find(({ id }) => id === key.id)?.rotatedAt).toBeNull()
  })
})
