import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { createApiKey, listApiKeys, revokeApiKey, revokeSelf, rotateApiKey } from '../../contract/identity.ts'
import type { DataOf, Operation } from '../../contract/operation.ts'
import type { Outcome } from '../../kernel/run-operation.ts'
import { removeExpiredRecords } from './index.ts'

let node: TestNode
let org: TestOrg

beforeAll(async () => {
  node = await startTestNode()
  org = await node.onboard('repeats')
})
afterAll(() => node.close())

function send(
  operation: Operation,
  parts: { params?: object; body?: object },
  { key, apiKey = org.apiKey }: { key: string; apiKey?: string },
): Promise<Outcome> {
  return node.caller.call(operation, {
    credentials: { apiKey },
    input: { params: { org: org.slug, ...parts.params }, query: {}, body: { ...parts.body } },
    requestId: 'request-of-a-test',
    signal: new AbortController().signal,
    address: '192.0.2.1',
    idempotencyKey: key,
  })
}

const make = (key: string, name: string, apiKey?: string) =>
  send(createApiKey, { body: { name } }, { key, ...(apiKey === undefined ? {} : { apiKey }) })
const keysNamed = async (name: string) => {
  const { data } = await org.envelope(listApiKeys, { limit: 200 })
  return data.filter((key) => key.name === name)
}

describe('a repeat with the same Idempotency-Key', () => {
  it('gives the answer of the first, and has no further effect', async () => {
    const [first, second] = [await make('once', 'once'), await make('once', 'once')]
    expect(first).toMatchObject({ ok: true, status: 201, replayed: false })
    expect(second).toMatchObject({ ok: true, status: 201, replayed: true })
    expect(second.envelope).toEqual(first.envelope)
    expect(await keysNamed('once')).toHaveLength(1)
  })

  it('has one effect and one answer also when many are sent at once', async () => {
    const outcomes = await Promise.all(Array.from({ length: 12 }, () => make('raced', 'raced')))
    expect(outcomes.map(({ status }) => status)).toEqual(outcomes.map(() => 201))
    expect(new Set(outcomes.map(({ envelope }) => JSON.stringify(envelope))).size).toBe(1)
    expect(outcomes.filter((outcome) => outcome.ok && !outcome.replayed)).toHaveLength(1)
    expect(await keysNamed('raced')).toHaveLength(1)
  })

  it('is refused with another body, on another operation, and does nothing', async () => {
    await make('taken', 'taken')
    expect(await make('taken', 'other')).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
    const [key] = await keysNamed('taken')
    const elsewhere = await send(revokeApiKey, { params: { key: key?.id } }, { key: 'taken' })
    expect(elsewhere).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
    expect(await keysNamed('other')).toHaveLength(0)
    expect((await keysNamed('taken'))[0]?.revokedAt).toBeNull()
  })

  it('does the work when the first was refused', async () => {
    const wrong = await send(createApiKey, { body: { name: '' } }, { key: 'mended' })
    expect(wrong).toMatchObject({ code: 'validation_failed' })
    expect(await make('mended', 'mended')).toMatchObject({ ok: true, replayed: false })
  })

  it('of another organisation is another call', async () => {
    const other = await node.onboard('repeats-too')
    await make('shared', 'shared')
    const outcome = await node.caller.call(createApiKey, {
      credentials: { apiKey: other.apiKey },
      input: { params: {}, query: {}, body: { name: 'shared' } },
      requestId: 'request-of-a-test',
      signal: new AbortController().signal,
      address: '192.0.2.1',
      idempotencyKey: 'shared',
    })
    expect(outcome).toMatchObject({ ok: true, replayed: false })
  })

  it('tells a secret only to the credential that was told it before', async () => {
    const second = (await org.call(createApiKey, { name: 'second' })).secret
    const { envelope } = await make('secret', 'secret')
    expect(await make('secret', 'secret', second)).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
    const { secret } = (envelope as { data: DataOf<typeof createApiKey> }).data
    const rows = await node.database.query<{ text: string }>(
      'select row_to_json(r)::text as text from idempotency_records r',
    )
    expect(rows.some(({ text }) => text.includes(secret) || text.includes(Buffer.from(secret).toString('hex')))).toBe(
      false,
    )
  })

  it('of what is done to whoever calls is answered to nobody else', async () => {
    const [mine, theirs] = [
      await org.call(createApiKey, { name: 'mine' }),
      await org.call(createApiKey, { name: 'theirs' }),
    ]
    const revoke = (apiKey: string) =>
      node.caller.call(revokeSelf, {
        credentials: { apiKey },
        input: { params: {}, query: {}, body: {} },
        requestId: 'request-of-a-test',
        signal: new AbortController().signal,
        address: '192.0.2.1',
        idempotencyKey: 'of-both',
      })
    expect(await revoke(mine.secret)).toMatchObject({ ok: true, replayed: false })
    expect(await revoke(theirs.secret)).toMatchObject({ status: 422, code: 'idempotency_key_reused' })
    expect((await keysNamed('theirs'))[0]?.revokedAt).toBeNull()
  })

  it('rotates a key once', async () => {
    const old = await org.call(createApiKey, { name: 'rotated once' })
    const rotate = () => send(rotateApiKey, { params: { key: old.id } }, { key: 'rotate' })
    const [first, second] = await Promise.all([rotate(), rotate()])
    expect(second.envelope).toEqual(first.envelope)
    expect(await keysNamed('rotated once')).toHaveLength(2)
  })

  it('is a new call after 24 hours', async () => {
    await make('old', 'old')
    await node.database.query(
      "update idempotency_records set created_at = created_at - interval '25 hours' where key = 'old'",
    )
    expect(await make('old', 'another body')).toMatchObject({ ok: true, replayed: false })
    await node.database.query(
      "update idempotency_records set created_at = created_at - interval '25 hours' where key = 'old'",
    )
    await removeExpiredRecords(node.database.db)
    expect(await node.database.query("select from idempotency_records where key = 'old'")).toHaveLength(0)
  })

  it('needs a key of visible characters', async () => {
    for (const key of ['', 'a b', 'é', 'x'.repeat(256)])
      expect(await make(key, 'never')).toMatchObject({ status: 400, code: 'validation_failed' })
    expect(await keysNamed('never')).toHaveLength(0)
  })
})
