import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../test/support/database.ts'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { ERRORS } from '../contract/errors.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { httpFetch } from '../platform/http/fetch.ts'
import { readConfig } from './config.ts'
import type { Finding } from './doctor/finding.ts'
import { folderFinding, nodeFinding } from './doctor/machine.ts'
import { accessFindings, serverFindings } from './doctor/server.ts'
import { doctor } from './doctor.ts'

const folder = temporaryFolder('doctor')
const SECRET = 'tn_live_secret-of-a-test'
let program: Server
let busy: number
let database: TestDatabase
const servers: HttpServer[] = []
beforeAll(async () => {
  program = createServer((socket) => socket.destroy())
  await new Promise<void>((resolve) => program.listen(0, '127.0.0.1', resolve))
  busy = (program.address() as AddressInfo).port
  database = await createTestDatabase()
})
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})
afterAll(async () => {
  await new Promise((resolve) => program.close(resolve))
  await database.close()
  folder.remove()
})

interface Served {
  readonly status?: number
  readonly body: unknown
  readonly date?: string
}
const READY = { status: 'ok', version: '0.1.0', api_version: '1', checks: { database: 'ok' } }
const ME = {
  org: { id: 'org_1', slug: 'demo', name: 'Demo', createdAt: '2026-01-01T00:00:00.000Z' },
  plan: 'team',
  apiKey: { id: 'key_1', name: 'ci', expiresAt: null },
}

/** A server that has these answers, by path. */
async function serverOf(answers: Readonly<Record<string, Served>>): Promise<string> {
  const server = createHttpServer((request, response) => {
    const { status = 200, body, date } = answers[request.url?.split('?')[0] ?? ''] ?? { status: 404, body: {} }
    if (date !== undefined) response.setHeader('date', date)
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function examine(
  env: Record<string, string>,
  url = 'http://127.0.0.1:1',
  json = true,
  width = Number.POSITIVE_INFINITY,
) {
  const lines: string[] = []
  const all = { TENON_DATA_DIR: join(folder.path, 'data'), PATH: process.env['PATH'] ?? '', ...env }
  const code = await doctor({
    config: () => readConfig(all),
    url: () => url,
    access: () => ({ url, apiKey: SECRET, org: 'demo' }),
    fetch: httpFetch,
    json,
    colors: false,
    width,
    say: (line) => lines.push(line),
  })
  const text = lines.join('\n')
  expect(text).not.toContain(SECRET)
  const findings = json ? (JSON.parse(text) as { data: { ok: boolean; findings: Finding[] } }).data.findings : []
  return { code, text, of: (name: string) => findings.find(({ check }) => check === name), findings }
}

const fine = { '/readyz': { body: READY }, '/v1/me': { body: { data: ME } }, '/v1/runs/demo': { body: { data: [] } } }

describe('the doctor', () => {
  it('finds nothing where nothing is wrong, and says so to people and to programs', async () => {
    const url = await serverOf(fine)
    const { code, findings } = await examine({}, url)
    expect(code).toBe(0)
    expect(findings.filter(({ state }) => state !== 'ok')).toEqual([])
    const { text } = await examine({}, url, false)
    expect(text).toMatch(/^✓ Node +26/)
    expect(text).toMatch(/✓ API key +"ci" of Demo \(demo\), plan team\n/)
    expect(text).toMatch(/\n\nNothing is broken\.$/)
  })

  it('finds a port that another program uses, and a server that does not answer', async () => {
    const { code, of, findings } = await examine({ TENON_PORT: String(busy) })
    expect(code).toBe(1)
    expect(of('port')).toMatchObject({ state: 'fail', advice: expect.stringContaining('TENON_PORT') })
    expect(of('server')).toMatchObject({ state: 'fail', advice: ERRORS.server_unreachable.recovery })
    expect(of('API key')).toBeUndefined()
    for (const { state, advice } of findings) expect(advice === null).toBe(state === 'ok')
  })

  it('keeps what it finds and advises within the terminal', async () => {
    const { text } = await examine({ TENON_PORT: String(busy) }, undefined, false, 60)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60)
    const words = (of: string): string => of.replaceAll(/\s+/g, ' ')
    expect(words(text)).toContain(words(ERRORS.server_unreachable.recovery))
    expect(text).toMatch(/\n {15}→ .*\n {17}\S/)
  })

  it('knows a Tenon on the port of this machine, whatever server the command line calls', async () => {
    const { port } = new URL(await serverOf(fine))
    const { of } = await examine({ TENON_PORT: port }, await serverOf(fine))
    expect(of('port')).toMatchObject({ state: 'ok', found: `${port}, used by Tenon` })
  })

  it('finds a missing git, an old Node and a wrong setting', async () => {
    expect((await examine({ PATH: '/nonexistent' })).of('git')).toMatchObject({ state: 'fail' })
    expect(nodeFinding('24.9.0')).toMatchObject({ state: 'fail', advice: expect.stringContaining('npm start') })
    const { code, of } = await examine({ TENON_PORT: 'none', TENON_ROOT_KEY: 'short' })
    expect([code, of('settings')?.found]).toEqual([1, expect.stringMatching(/TENON_PORT: .*TENON_ROOT_KEY: At least/)])
    expect(of('settings')?.found).not.toContain('short')
  })

  it('finds a data folder that can not be written, or that others may write', async () => {
    const file = join(folder.path, 'file')
    writeFileSync(file, '')
    expect((await examine({ TENON_DATA_DIR: join(file, 'data') })).of('data folder')).toMatchObject({ state: 'fail' })
    const open = join(folder.path, 'open')
    mkdirSync(open)
    chmodSync(open, 0o777)
    expect((await examine({ TENON_DATA_DIR: open })).of('data folder')).toMatchObject({
      state: 'warn',
      advice: expect.stringContaining('chmod o-w'),
    })
  })

  it('finds a disk that is full, or soon will be', () => {
    const config = readConfig({ TENON_DATA_DIR: folder.path })
    expect(folderFinding(config, () => 400_000_000)).toMatchObject({ state: 'fail', advice: ERRORS.disk_full.recovery })
    expect(folderFinding(config, () => 1_000_000_000)).toMatchObject({ state: 'warn' })
    expect(folderFinding(config, () => 9_000_000_000)).toMatchObject({ state: 'ok' })
  })

  it('finds what is wrong with the file of issuers, without what stands in it', async () => {
    const file = join(folder.path, 'issuers.json')
    const issuers = async (content: unknown) => {
      writeFileSync(file, JSON.stringify(content))
      return (await examine({ TENON_ISSUERS_FILE: file })).of('issuers')
    }
    const staff = { name: 'staff', issuer: 'https://login.example', audience: 'tenon', algorithms: ['RS256'] }
    expect(await issuers([staff])).toMatchObject({ state: 'ok', found: `${file}: staff` })
    const wrong = await issuers([{ ...staff, issuer: 'http://hush-hush.example' }])
    expect(wrong).toMatchObject({ state: 'fail', found: expect.stringContaining('connection 1, issuer: An https') })
    expect(JSON.stringify(wrong)).not.toContain('hush-hush')
    expect((await examine({})).of('issuers')).toBeUndefined()
  })

  it('finds a master key that others can read, that is too short or missing, and never shows one', async () => {
    const file = join(folder.path, 'key')
    writeFileSync(file, 'x'.repeat(64), { mode: 0o604 })
    chmodSync(file, 0o604)
    const key = async (env: Record<string, string>) => (await examine(env)).of('master key')
    expect(await key({ TENON_MASTER_KEY_FILE: file })).toMatchObject({
      state: 'fail',
      found: expect.stringContaining('Others'),
    })
    chmodSync(file, 0o600)
    expect(await key({ TENON_MASTER_KEY_FILE: file })).toMatchObject({ state: 'ok', found: file })
    writeFileSync(file, 'short')
    expect(await key({ TENON_MASTER_KEY_FILE: file })).toMatchObject({ state: 'fail' })
    expect(await key({ TENON_MASTER_KEY_FILE: join(folder.path, 'none') })).toMatchObject({ state: 'fail' })
    expect(await key({ DATABASE_URL: 'postgresql://x@127.0.0.1:1/none' })).toMatchObject({ state: 'warn' })
  })
})

describe('the doctor of a database', () => {
  const findings = async (url: string) => (await examine({ DATABASE_URL: url })).of

  it('finds one that does not answer, without its password', async () => {
    const { of, text } = await examine({ DATABASE_URL: 'postgresql://nobody:hush-hush@127.0.0.1:1/none' })
    expect(of('database')).toMatchObject({ state: 'fail', found: 'DATABASE_URL does not answer' })
    expect(text).not.toContain('hush-hush')
  })

  it('tells whether its migrations are applied, pending or of a newer release', async () => {
    const before = await findings(database.url)
    expect(before('database')).toMatchObject({ state: 'ok', found: expect.stringMatching(/^PostgreSQL \d/) })
    expect(before('migrations')).toMatchObject({ state: 'ok', found: expect.stringMatching(/^all \d+ applied$/) })
    expect(before('roles')).toMatchObject({ state: 'ok' })
    const kept = await database.query<{ version: number; name: string; checksum: string }>(
      'delete from schema_migrations where version = (select max(version) from schema_migrations) returning version, name, checksum',
    )
    expect((await findings(database.url))('migrations')).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/^1 of \d+ pending$/),
    })
    await database.query(
      "insert into schema_migrations (version, name, checksum) values ($1, 'x', 'x'), (9999, 'newer', 'x')",
      [kept[0]?.version],
    )
    const newer = await examine({ DATABASE_URL: database.url })
    expect([newer.code, newer.of('migrations')?.state]).toEqual([1, 'fail'])
    await database.query('drop table schema_migrations')
    expect((await findings(database.url))('migrations')).toMatchObject({
      state: 'warn',
      found: expect.stringMatching(/^none of/),
    })
  })

  it('finds a role that may not act as those of Tenon', async () => {
    await database.query(`do $$ begin create role tenon_doctor_test; exception when duplicate_object then null; end $$`)
    const url = `${database.url}?options=${encodeURIComponent('-c role=tenon_doctor_test')}`
    const { code, of } = await examine({ DATABASE_URL: url })
    expect(of('roles')).toMatchObject({ state: 'fail', found: expect.stringContaining('tenon_app, tenon_auth') })
    expect(code).toBe(1)
    await database.query('drop role tenon_doctor_test')
  })
})

describe('the doctor of a server', () => {
  const own = { version: '1.4.0', api: 2 }
  const now = () => Date.parse('2026-06-01T12:00:00.500Z')
  const visit = async (ready: object, date = 'Mon, 01 Jun 2026 12:00:00 GMT', status = 200) => {
    const url = await serverOf({
      '/readyz': { body: { ...READY, version: '1.4.0', api_version: '2', ...ready }, date, status },
    })
    const { findings } = await serverFindings({ url, fetch: httpFetch, own, now })
    return (name: string) => findings.find(({ check }) => check === name)
  }

  it('tells which release is behind, and fails only when the two do not understand each other', async () => {
    expect((await visit({}))('versions')).toMatchObject({ state: 'ok' })
    expect((await visit({ version: '1.5.0' }))('versions')).toMatchObject({
      state: 'warn',
      advice: expect.stringContaining('command line'),
    })
    expect((await visit({ version: '1.3.9' }))('versions')).toMatchObject({
      state: 'warn',
      advice: expect.stringContaining('the server'),
    })
    expect((await visit({ version: '2.0.0', api_version: '3' }))('versions')).toMatchObject({ state: 'fail' })
  })

  it('names what keeps a server from being ready', async () => {
    const checks = { database: 'failed', serving: 'ok' }
    expect((await visit({ status: 'unavailable', checks }, undefined, 503))('server')).toMatchObject({
      state: 'fail',
      found: expect.stringMatching(/is not ready: database$/),
    })
    const url = await serverOf({ '/readyz': { body: { hello: 'I am another program' } } })
    expect(await serverFindings({ url, fetch: httpFetch })).toMatchObject({
      isTenon: false,
      findings: [{ state: 'fail' }],
    })
  })

  it('compares the clocks', async () => {
    expect((await visit({}))('clock')).toMatchObject({ state: 'ok' })
    expect((await visit({}, 'Mon, 01 Jun 2026 12:00:30 GMT'))('clock')).toMatchObject({
      state: 'warn',
      found: '30 s behind the server',
    })
    expect((await visit({}, 'Mon, 01 Jun 2026 11:00:00 GMT'))('clock')).toMatchObject({
      state: 'fail',
      found: '3600 s ahead of the server',
    })
  })

  it('tells whose key it is, that it ends soon, that it is refused or missing', async () => {
    const key = async (answers: Readonly<Record<string, Served>>) => {
      const url = await serverOf({ ...fine, ...answers })
      return (await accessFindings(() => ({ url, apiKey: SECRET, org: 'demo' }), httpFetch, now))[0]
    }
    expect(await key({})).toMatchObject({ check: 'API key', state: 'ok', found: '"ci" of Demo (demo), plan team' })
    const soon = { ...ME, apiKey: { ...ME.apiKey, expiresAt: '2026-06-03T00:00:00.000Z' } }
    expect(await key({ '/v1/me': { body: { data: soon } } })).toMatchObject({
      state: 'warn',
      advice: expect.stringContaining('rotate key_1'),
    })
    const error = { code: 'invalid_api_key', message: '', requestId: 'req_1' }
    expect(await key({ '/v1/me': { status: 401, body: { error } } })).toMatchObject({
      state: 'fail',
      advice: ERRORS.invalid_api_key.recovery,
    })
    const none = () => {
      throw new TenonError('not_configured')
    }
    expect(await accessFindings(none, httpFetch)).toMatchObject([
      { state: 'warn', advice: ERRORS.not_configured.recovery },
    ])
  })

  it('notices that runs wait and no worker runs', async () => {
    const runs = [{ waiting: { reason: 'no_worker', until: null } }, { waiting: null }]
    const url = await serverOf({ ...fine, '/v1/runs/demo': { body: { data: runs } } })
    const { code, of } = await examine({}, url)
    expect([code, of('worker')]).toEqual([
      0,
      expect.objectContaining({ state: 'warn', found: '1 run waits, and no worker is there' }),
    ])
  })

  it('tries where errors and traces are sent, and shows no key of theirs', async () => {
    const env = (port: number) => ({
      SENTRY_DSN: `http://${'k'.repeat(32)}@127.0.0.1:${port}/1`,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    })
    const { of, text } = await examine(env(busy))
    expect([of('Sentry')?.state, of('traces')?.state]).toEqual(['ok', 'ok'])
    expect(text).not.toContain('kkkk')
    const lost = await examine(env(1))
    expect([lost.of('Sentry')?.state, lost.of('traces')?.state]).toEqual(['warn', 'warn'])
    const console = await examine({ OTEL_TRACES_EXPORTER: 'console' })
    expect(console.of('traces')).toMatchObject({ state: 'ok', found: 'to stderr' })
  })
})
