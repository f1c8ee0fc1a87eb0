import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { OrgId } from '../../contract/ids.ts'
import type { Log } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import { codeJobNames } from '../../pipelines/code/index.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../test/support/database.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { createQueue, type Queue } from './index.ts'
import { signPayload, verifyPayload } from './sign.ts'

const KEY = 'signing key of a test'
const [NAME = ''] = codeJobNames
let database: TestDatabase
let queue: Queue
let org: OrgId
const ran: string[] = []
const refused: string[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  org = newId('org')
  const log: Log = { ...silentLog, error: (_, message) => void refused.push(message), child: () => log }
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
        await queue.enqueue(sql, NAME, { id: 'undone' })
        throw new Error('undone')
      }),
    ).rejects.toThrow('undone')
    await write((sql) => queue.enqueue(sql, NAME, { id: 'done' }))
    await waitFor(async () => ran.includes('done'), 10_000)
    expect(ran).toEqual(['done'])
  })

  it('is refused and logged when its payload is forged, altered or malformed, and never runs', async () => {
    const good = signPayload(KEY, NAME, { id: 'altered' })
    const forged: unknown[] = [
      signPayload('another key', NAME, { id: 'forged' }),
      signPayload(KEY, 'another.job', { id: 'moved' }),
      { ...good, payload: good.payload.replace('altered', 'changed') },
      signPayload(KEY, NAME, { id: 1 }),
      signPayload(KEY, NAME, { id: 'more', more: true }),
      { id: 'unsigned' },
    ]
    for (const data of forged)
      await database.query('insert into pgboss.job (name, data) values ($1, $2)', [NAME, JSON.stringify(data)])
    await waitFor(async () => refused.length === forged.length, 20_000)
    expect(ran).toEqual(['done'])
    expect(new Set(refused)).toEqual(new Set(['a job with a forged or malformed payload was refused']))
  })
})

describe('a signature', () => {
  it('holds for its key, its job and its exact text only', () => {
    const signed = signPayload(KEY, 'a', { id: 'x' })
    expect(verifyPayload(KEY, 'a', signed)).toEqual({ id: 'x' })
    expect(verifyPayload('other', 'a', signed)).toBe(null)
    expect(verifyPayload(KEY, 'b', signed)).toBe(null)
    for (const data of [null, 1, 'x', [], {}, { payload: 1, signature: 1 }, { ...signed, signature: '' }])
      expect(verifyPayload(KEY, 'a', data)).toBe(null)
  })
})
