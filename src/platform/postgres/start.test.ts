import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import pg from 'pg'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { eventually, postgresProcess, reportOf, runReporting } from '../../../test/support/processes.ts'
import { readPidFile } from './pid-file.ts'
import { findServerProcesses, isPostmaster, stopPostmaster } from './processes.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from './start.ts'

/** Much less than whoever stands in the way would be waited for, also on a busy machine. */
const WARM_START_MS = 8_000

let dataDir = ''
let cluster = ''

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tenon-test-pg-'))
  cluster = join(dataDir, 'postgres', 'data')
})

afterEach(async () => {
  const file = await readPidFile(cluster)
  if (file) await stopPostmaster(file.pid, cluster)
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
})

const start = () => startEmbeddedPostgres({ dataDir })

async function query(server: { readonly url: string }, text: string): Promise<unknown[]> {
  const client = new pg.Client(server.url)
  client.on('error', () => {})
  await client.connect()
  const { rows } = await client.query({ text, rowMode: 'array' })
  await client.end()
  return rows.flat()
}

/** As a power cut would: the main process and all its children at once. */
async function killAll(server: EmbeddedPostgres): Promise<void> {
  const children = (await findServerProcesses(cluster)) ?? []
  for (const pid of new Set([server.pid, ...children])) process.kill(pid, 'SIGKILL')
  await server.exited
}

test('the first start makes a cluster in UTF-8 with a database of ours', async () => {
  const server = await start()
  expect(server.adopted).toBe(false)
  const settings = "current_database(), current_setting('server_encoding'), current_setting('fsync')"
  expect(await query(server, `select ${settings}`)).toEqual(['tenon', 'UTF8', 'on'])
  const provider = "select datlocprovider::text, datlocale from pg_database where datname = 'tenon'"
  expect(await query(server, provider)).toEqual(['b', 'C.UTF-8'])
  await server.stop()
  await server.exited
  expect(await isPostmaster(server.pid, cluster)).toBe(false)
})

test('only this machine can connect, and only with the password, which only this user can read', async () => {
  const server = await start()
  const listening = "select current_setting('listen_addresses'), current_setting('unix_socket_directories')"
  expect(await query(server, listening)).toEqual(['127.0.0.1', ''])
  const url = new URL(server.url)
  url.password = 'wrong'
  await expect(query({ url: url.href }, 'select 1')).rejects.toMatchObject({ code: '28P01' })
  expect((await stat(join(dataDir, 'postgres', 'password'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(dataDir, 'postgres', 'server.log'))).mode & 0o777).toBe(0o600)
  expect((await stat(join(dataDir, 'postgres'))).mode & 0o777).toBe(0o700)
})

test('a later start is quick, takes the same port and finds the data', async () => {
  const first = await start()
  await query(first, 'create table kept as select 42 as answer')
  await first.stop()
  const second = await start()
  expect(second.startedMs).toBeLessThan(WARM_START_MS)
  expect(second.port).toBe(first.port)
  expect(await query(second, 'select answer from kept')).toEqual([42])
})

test('stopping twice is stopping once', async () => {
  const server = await start()
  await Promise.all([server.stop(), server.stop()])
  await server.stop()
  expect(await isPostmaster(server.pid, cluster)).toBe(false)
})

test('after the main process was killed alone the data is there again', async () => {
  const first = await start()
  await query(first, 'create table kept as select 42 as answer')
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  const second = await start()
  expect(second.adopted).toBe(false)
  expect(await query(second, 'select answer from kept')).toEqual([42])
})

test('after everything was killed the data is there again', async () => {
  const first = await start()
  await query(first, 'create table kept as select 42 as answer')
  await killAll(first)
  const second = await start()
  expect(second.startedMs).toBeLessThan(WARM_START_MS)
  expect(await query(second, 'select answer from kept')).toEqual([42])
})

test('a server left by a Tenon that was killed is adopted, and stopped by its new owner', async () => {
  const { child, next } = runReporting(postgresProcess(dataDir, 'hold'))
  const left = await next()
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await isPostmaster(left.pid, cluster)).toBe(true)

  const server = await start()
  expect(server).toMatchObject({ adopted: true, pid: left.pid, url: left.url })
  expect(server.startedMs).toBeLessThan(WARM_START_MS)
  expect(await query(server, 'select 1')).toEqual([1])
  await server.stop()
  await server.exited
  expect(await readPidFile(cluster)).toBeNull()
})

test('a server that was left and hangs is replaced', async () => {
  const left = await reportOf(postgresProcess(dataDir, 'leave'))
  process.kill(left.pid, 'SIGSTOP')
  const server = await start()
  expect(server.adopted).toBe(false)
  expect(await isPostmaster(left.pid, cluster)).toBe(false)
  expect(await query(server, 'select 1')).toEqual([1])
})

test('a server left with another password is replaced', async () => {
  const left = await reportOf(postgresProcess(dataDir, 'leave'))
  const file = join(dataDir, 'postgres', 'password')
  const password = await readFile(file, 'utf8')
  await query(left, "alter user postgres password 'other'")
  await expect(start()).rejects.toMatchObject({ code: 'postgres_unavailable', details: { reason: '28P01' } })
  expect(await isPostmaster(left.pid, cluster)).toBe(false)
  expect(await readFile(file, 'utf8')).toBe(password)
})

test.skipIf(process.platform !== 'linux')(
  'a lock file whose process id another program has by now does not stand in the way',
  async () => {
    const first = await start()
    await killAll(first)
    const other = spawn('/bin/sleep', ['60'])
    const file = join(cluster, 'postmaster.pid')
    await writeFile(file, (await readFile(file, 'utf8')).replace(/^\d+/, String(other.pid)))
    const second = await start()
    expect(second.startedMs).toBeLessThan(WARM_START_MS)
    expect(await query(second, 'select 1')).toEqual([1])
    expect(other.exitCode).toBeNull()
    other.kill()
  },
)

test('another port is taken when the remembered one is in use', async () => {
  const first = await start()
  await first.stop()
  const squatter = createServer()
  squatter.listen(first.port, '127.0.0.1')
  await once(squatter, 'listening')
  const second = await start()
  expect(second.port).not.toBe(first.port)
  expect(await query(second, 'select 1')).toEqual([1])
  squatter.close()
})

test('of starts at the same time one makes the cluster and the others go on with its server', async () => {
  const reports = await Promise.all([1, 2, 3].map(() => reportOf(postgresProcess(dataDir, 'leave'))))
  expect(reports.map(({ ok }) => ok)).toEqual([true, true, true])
  expect(reports.filter(({ adopted }) => !adopted)).toHaveLength(1)
  expect(new Set(reports.map(({ pid }) => pid)).size).toBe(1)
})

test('an interrupted initdb leaves nothing that is taken for a cluster', async () => {
  const { child } = runReporting(postgresProcess(dataDir, 'hold'))
  const folder = join(dataDir, 'postgres')
  await eventually(async () => {
    const entries = await readdir(folder, { recursive: true }).catch(() => [])
    return entries.some((entry) => /^init-.*data\/PG_VERSION$/.test(entry))
  })
  child.kill('SIGKILL')
  await once(child, 'exit')
  expect(await readdir(folder)).not.toContain('data')

  await mkdir(join(folder, 'init-older', 'data'), { recursive: true })
  const server = await start()
  expect((await readdir(folder)).filter((entry) => entry.startsWith('init-'))).toEqual([])
  expect(await query(server, 'select 1')).toEqual([1])
})

test('an aborted first start leaves no server and no cluster', async () => {
  const reason = new Error('no longer wanted')
  const controller = new AbortController()
  const starting = startEmbeddedPostgres({ dataDir, signal: controller.signal })
  setTimeout(() => controller.abort(reason), 100)
  await expect(starting).rejects.toBe(reason)
  expect(await readPidFile(cluster)).toBeNull()
  const server = await start()
  expect(server.adopted).toBe(false)
})

test('a cluster without its password is not touched', async () => {
  const server = await start()
  await server.stop()
  await rm(join(dataDir, 'postgres', 'password'))
  await expect(start()).rejects.toMatchObject({ code: 'postgres_unavailable', details: { hint: expect.any(String) } })
})

test('a damaged cluster is refused with what the server said, without its password', async () => {
  const server = await start()
  await server.stop()
  await rm(join(cluster, 'global', 'pg_control'))
  const error = await start().catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'postgres_unavailable', details: { log: expect.any(Array) } })
  const password = await readFile(join(dataDir, 'postgres', 'password'), 'utf8')
  expect(JSON.stringify(error)).not.toContain(password)
  expect(JSON.stringify(error)).toContain('pg_control')
})

test('a log that has grown large is put aside', async () => {
  await mkdir(join(dataDir, 'postgres'))
  await writeFile(join(dataDir, 'postgres', 'server.log'), 'x'.repeat(5_000_000))
  await start()
  expect((await stat(join(dataDir, 'postgres', 'server.log'))).size).toBeLessThan(100_000)
  expect((await stat(join(dataDir, 'postgres', 'server.log.1'))).size).toBe(5_000_000)
})
