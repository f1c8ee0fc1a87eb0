import { SpanKind } from '@opentelemetry/api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { OrgId } from '../../contract/ids.ts'
import type { Log } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import { traced } from '../../kernel/trace.ts'
import { codeJobNames } from '../../pipelines/code/index.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../test/support/database.ts'
import { parentOf, recordSpans } from '../../../test/support/record-spans.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { createQueue, type Queue } from './index.ts'
import { signPayload, verifyPayload } from './sign.ts'

const KEY = 'signing key of a test'
const [NAME = ''] = codeJobNames
const CALL = { requestId: 'request-of-a-test' }
let database: TestDatabase
let queue: Queue
let org: OrgId
const ran: string[] = []
const refused: string[] = []
const logged: object[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  org = newId('org')
  const log: Log = {
    ...silentLog,
    error: (_, message) => void refused.push(message),
    child: (fields) => {
      logged.push(fields)
      return log
    },
  }
  queue = createQueue({ url: database.url, signingKey: KEY, log })
  await queue.start([
    {
      name: NAME,
      payload: z.strictObject({ id: z.string() }),
      run: (payload) => {
        ran.push((payload as { id: string }).id)
        return Promise.resolve()
      },
    },
  ])
})
afterAll(async () => {
  await queue.stop()
  await database.close()
})

describe('a job', () => {
  it('exists exactly when the transaction of its caller commits', async () => {
    const { write } = database.db.tenant(org)
    await expect(
      write(async (sql) => {
        await queue.enqueue(sql, NAME, { id: 'undone' }, CALL)
        throw new Error('undone')
      }),
    ).rejects.toThrow('undone')
    await write((sql) => queue.enqueue(sql, NAME, { id: 'done' }, CALL))
    await waitFor(async () => ran.includes('done'), 10_000)
    expect(ran).toEqual(['done'])
  })

  it('is refused and logged when its payload is forged, altered or malformed, and never runs', async () => {
    const good = signPayload(KEY, NAME, { id: 'altered' })
    const from = signPayload(KEY, NAME, { id: 'from' }, CALL)
    const forged: unknown[] = [
      signPayload('another key', NAME, { id: 'forged' }),
      signPayload(KEY, 'another.job', { id: 'moved' }),
      { ...good, payload: good.payload.replace('altered', 'changed') },
      signPayload(KEY, NAME, { id: 1 }),
      signPayload(KEY, NAME, { id: 'more', more: true }),
      { id: 'unsigned' },
      { ...from, origin: from.origin?.replace('request', 'another') },
      { ...good, origin: from.origin, originSignature: from.originSignature },
      { ...from, originSignature: undefined },
    ]
    for (const data of forged)
      await database.query('insert into pgboss.job (name, data) values ($1, $2)', [NAME, JSON.stringify(data)])
    await waitFor(async () => refused.length === forged.length, 20_000)
    expect(ran).toEqual(['done'])
    expect(new Set(refused)).toEqual(new Set(['a job with a forged or malformed payload was refused']))
  })
})

describe('the call that a job comes from', () => {
  it('is named by its log lines; a job of before that does not say runs all the same', async () => {
    const before = signPayload(KEY, NAME, { id: 'before' })
    await database.query('insert into pgboss.job (name, data) values ($1, $2)', [NAME, JSON.stringify(before)])
    await database.db.tenant(org).write((sql) => queue.enqueue(sql, NAME, { id: 'after' }, CALL))
    logged.length = 0
    await waitFor(async () => ran.includes('before') && ran.includes('after'), 10_000)
    const ids = logged.map((fields) => (fields as { requestId?: string }).requestId ?? null)
    expect(new Set(ids)).toEqual(new Set([CALL.requestId, null]))
  })

  it('is the parent of the span that it runs in, by way of the one that sent it', async () => {
    const recorded = await recordSpans(async (ended) => {
      await traced('call', {}, () =>
        database.db.tenant(org).write((sql) => queue.enqueue(sql, NAME, { id: 'traced' }, CALL)),
      )
      await waitFor(async () => ended().some(({ name }) => name === `process ${NAME}`), 10_000)
    })
    const spans = new Map(recorded.map((span) => [span.name, span]))
    const [call, sent, done] = ['call', `send ${NAME}`, `process ${NAME}`].map((name) => spans.get(name))
    expect(parentOf(sent)).toBe(call?.spanContext().spanId)
    expect(parentOf(done)).toBe(sent?.spanContext().spanId)
    expect([sent?.kind, done?.kind]).toEqual([SpanKind.PRODUCER, SpanKind.CONSUMER])
    expect(done?.attributes).toMatchObject({
      'messaging.destination.name': NAME,
      'tenon.request_id': CALL.requestId,
    })
  })
})

describe('a signature', () => {
  it('holds for its key, its job and its exact text only', () => {
    const signed = signPayload(KEY, 'a', { id: 'x' })
    expect(verifyPayload(KEY, 'a', signed)).toEqual({ payload: { id: 'x' }, origin: {} })
    expect(verifyPayload('other', 'a', signed)).toBe(null)
    expect(verifyPayload(KEY, 'b', signed)).toBe(null)
    for (const data of [null, 1, 'x', [], {}, { payload: 1, signature: 1 }, { ...signed, signature: '' }])
      expect(verifyPayload(KEY, 'a', data)).toBe(null)
  })
})
