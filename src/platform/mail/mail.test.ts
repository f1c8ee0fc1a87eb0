import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../kernel/clock.ts'
import { newId } from '../../kernel/ids.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../test/support/database.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { createQueue, type Queue } from '../queue/index.ts'
import { createMail, type Mail, type MailContent, type Message } from './index.ts'

const CALL = { requestId: 'request-of-a-mail' }
const CONTENT: MailContent = { template: 'verification', name: 'Ada', token: 'a-token-that-nobody-else-knows' }
let database: TestDatabase
let queue: Queue
let mail: Mail
let failing = 0
const sent: Message[] = []

beforeAll(async () => {
  database = await createTestDatabase()
  queue = createQueue({ url: database.url, signingKey: 'key of a test', log: silentLog })
  mail = mailWith(['a secret of a test'])
  await queue.start(mail.jobs)
})
afterAll(async () => {
  await queue.stop()
  await mail.close()
  await database.close()
})

function mailWith(secrets: readonly [string, ...string[]], by: Pick<Queue, 'enqueue'> = queue): Mail {
  const transport = {
    send: (message: Message) => {
      if (failing-- > 0) return Promise.reject(new Error('the mail server is away'))
      sent.push(message)
      return Promise.resolve()
    },
    close: () => Promise.resolve(),
  }
  const parts = { db: database.db, queue: { ...queue, ...by }, clock: systemClock, log: silentLog, transport }
  return createMail({ ...parts, secrets, publicUrl: 'https://tenon.example/base' })
}

const queueTo = (to: string, by = mail, more: object = {}) =>
  database.db.cross('accounts', (sql) => by.queueMail(sql, { to, content: CONTENT, ...more }, CALL))
const rowOf = async (recipient: string) => {
  const [row] = await database.query<{ id: string; state: string; content: Buffer | null; tries: number }>(
    'select id, state, content, tries from mails where recipient = $1',
    [recipient],
  )
  return row
}

describe('a mail', () => {
  it('waits sealed, is sent once, and leaves nothing of its content behind', async () => {
    await queueTo('ada@example.com')
    const dump = await database.query('select to_jsonb(m)::text as m from mails m')
    const jobs = await database.query('select to_jsonb(j)::text as j from pgboss.job j')
    expect(JSON.stringify([dump, jobs])).not.toContain(CONTENT.template === 'verification' ? CONTENT.token : '')
    await waitFor(async () => (await rowOf('ada@example.com'))?.state === 'sent', 20_000)
    expect(await rowOf('ada@example.com')).toMatchObject({ content: null, tries: 1 })
    expect(sent).toHaveLength(1)
    expect(sent[0]).toMatchObject({ to: 'ada@example.com', subject: 'Confirm your e-mail address' })
    expect(sent[0]?.text).toContain('https://tenon.example/base/accounts/verify?token=a-token-that-nobody-else-knows')
    // Delivered again, the job does nothing.
    const { id } = (await rowOf('ada@example.com')) ?? { id: '' }
    await mail.jobs[0]?.run({ mail: id }, new AbortController().signal)
    expect(sent).toHaveLength(1)
  })

  it('is sent when the transaction of its caller commits, and not else', async () => {
    const before = sent.length
    const undone = database.db.cross('accounts', async (sql) => {
      await mail.queueMail(sql, { to: 'undone@example.com', content: CONTENT }, CALL)
      throw new Error('undone')
    })
    await expect(undone).rejects.toThrow('undone')
    const org = newId('org')
    await database.db
      .tenant(org)
      .write((sql) => mail.queueMail(sql, { to: 'tenant@example.com', content: CONTENT }, CALL))
    await waitFor(async () => sent.length > before, 20_000)
    expect(sent.slice(before).map(({ to }) => to)).toEqual(['tenant@example.com'])
  })

  it('is tried again, with the same id, and given up after four times', async () => {
    failing = 1
    const run = async (recipient: string): Promise<unknown> => {
      const { id } = (await rowOf(recipient)) ?? { id: '' }
      return mail.jobs[0]?.run({ mail: id }, new AbortController().signal).catch((error: Error) => error.message)
    }
    await queueTo('retried@example.com')
    await waitFor(async () => (await rowOf('retried@example.com'))?.tries === 1, 20_000)
    expect(await rowOf('retried@example.com')).toMatchObject({ state: 'queued' })
    const jobs = () =>
      database.query<{ seconds: number }>(
        "select extract(epoch from start_after - now())::int as seconds from pgboss.job where name = 'mail.send' and state = 'retry'",
      )
    await waitFor(async () => (await jobs()).length > 0, 20_000)
    expect((await jobs())[0]?.seconds).toBeGreaterThan(20)
    await run('retried@example.com')
    expect(await rowOf('retried@example.com')).toMatchObject({ state: 'sent', tries: 2 })
    failing = 4
    await queueTo('lost@example.com')
    await waitFor(async () => (await rowOf('lost@example.com'))?.tries === 1, 20_000)
    for (let n = 0; n < 3; n++) expect(await run('lost@example.com')).toBe('the mail server is away')
    expect(await rowOf('lost@example.com')).toMatchObject({ state: 'failed', content: null, tries: 4 })
  }, 60_000)

  it('that nobody is to get is queued and never sent', async () => {
    const before = sent.length
    await queueTo('dropped@example.com', mail, { drop: true })
    expect(await database.query("select recipient, content from mails where state = 'dropped'")).toEqual([
      { recipient: '', content: null },
    ])
    await waitFor(
      async () => (await database.query("select from pgboss.job where state in ('created', 'active')")).length === 0,
      20_000,
    )
    expect(sent).toHaveLength(before)
  })

  it('can be opened after the secret was changed while the old one is in the list', async () => {
    const before = sent.length
    // No worker comes first.
    const unheard = { enqueue: () => Promise.resolve() }
    await queueTo('rotated@example.com', mailWith(['the secret of before', 'older'], unheard))
    const { id } = (await rowOf('rotated@example.com')) ?? { id: '' }
    const rotated = mailWith(['the secret of now', 'the secret of before'])
    await rotated.jobs[0]?.run({ mail: id }, new AbortController().signal)
    expect(sent.slice(before).map(({ to }) => to)).toEqual(['rotated@example.com'])
  })

  it('is forgotten when it is old', async () => {
    await database.query("update mails set created_at = now() - interval '31 days'")
    await queueTo('young@example.com')
    for (const task of mail.tasks) await task()
    expect(await database.query('select recipient from mails')).toEqual([{ recipient: 'young@example.com' }])
  })
})
