import pg from 'pg'
import { afterEach, beforeEach, expect, inject, it } from 'vitest'
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts'
import { waitFor } from './wait-for.ts'

let proxy: TcpProxy
const clients: pg.Client[] = []

beforeEach(async () => {
  proxy = await startTcpProxy(inject('postgresUrl'))
})
afterEach(async () => {
  await proxy.close()
  clients.length = 0
})

async function connected(name: string, timeoutMs = 10_000): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: proxy.url,
    application_name: name,
    connectionTimeoutMillis: timeoutMs,
  })
  client.on('error', () => {})
  await client.connect()
  clients.push(client)
  return client
}

async function one(client: pg.Client): Promise<unknown> {
  return (await client.query<{ n: number }>('select 1 as n')).rows[0]?.n
}

/** Whether it stays open and says nothing for as long as another needs for twenty answers. */
async function isSilent(client: pg.Client, other: pg.Client): Promise<boolean> {
  let over = false
  const end = (): void => void (over = true)
  client.once('end', end)
  void one(client).then(end, end)
  for (let i = 0; i < 20; i++) await one(other)
  return !over
}

it('forwards what both sides say, and the end of either', async () => {
  const client = await connected('first')
  const body = 'x'.repeat(1_000_000)
  expect((await client.query('select $1 as body', [body])).rows).toEqual([{ body }])
  const observer = new pg.Client(inject('postgresUrl'))
  await observer.connect()
  const running = async (): Promise<number> =>
    (await observer.query("select from pg_stat_activity where application_name = 'first'")).rows.length
  expect(await running()).toBe(1)
  await client.end()
  await waitFor(async () => (await running()) === 0, 10_000)
  await observer.end()
})

it('leaves a connection half-open that it was told to freeze, and no other', async () => {
  const frozen = await connected('tenon listen')
  const other = await connected('tenon app')
  await frozen.query('listen something')
  expect(proxy.freeze((name) => name === 'tenon listen')).toBe(1)
  await other.query("notify something, 'unheard'")
  await waitFor(async () => proxy.dropped.fromServer > 0, 10_000)
  expect(await isSilent(frozen, other)).toBe(true)
  await waitFor(async () => proxy.dropped.fromClients > 0, 10_000)
  expect(await one(await connected('tenon listen'))).toBe(1)
})

it('never answers new connections of a name until it is told to', async () => {
  proxy.freezeNew((name) => name === 'tenon listen')
  await expect(connected('tenon listen', 300)).rejects.toThrow(/timeout/)
  expect(proxy.unanswered).toBe(1)
  expect(await one(await connected('tenon app'))).toBe(1)
  proxy.thawNew()
  expect(await one(await connected('tenon listen'))).toBe(1)
})

it('is a server that is down when it is cut, until it is mended', async () => {
  const client = await connected('first')
  const ended = new Promise((resolve) => client.once('end', resolve))
  await proxy.cut()
  await ended
  await expect(connected('first')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  await proxy.mend()
  expect(await one(await connected('first'))).toBe(1)
})
