import { createHmac } from 'node:crypto'
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { startTestNode, testOrg, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { ownOrg } from '../../../test/support/own-org.ts'
import { listAlerts, METRICS, type Metric } from '../../contract/alerts.ts'
import { createApiKey, revokeApiKey } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import { startRun } from '../../contract/runs.ts'
import type { Call } from '../../kernel/call.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { startedRuns } from '../../pipelines/engine/index.ts'
import { usedCredits } from '../credits/index.ts'
import { createAlerts, type ActivitySource } from './index.ts'

let node: TestNode
let org: TestOrg
let id: OrgId
let made = 0
const logged: object[] = []
const log = { ...silentLog, warn: (fields: object) => void logged.push(fields) }

beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.close())

async function newOrg(): Promise<void> {
  org = await node.onboard(`alerts-${++made}`)
  id = (await ownOrg(org)).id
}

const sources = (): ActivitySource[] => [
  { metric: 'runsStarted', read: (since) => startedRuns(node.database.db, since) },
  { metric: 'creditsUsed', read: (since) => usedCredits(node.database.db, since) },
]
const watch = () => createAlerts({ db: node.database.db, log, sources: [] }).watch()

/** So many in each of some hours, the current one being 0. */
async function plant(metric: Metric, counts: Readonly<Record<number, number>>): Promise<void> {
  for (const [hoursAgo, count] of Object.entries(counts))
    await node.database.query(
      `insert into org_activity (org_id, metric, hour, count)
       values ($1, $2, date_trunc('hour', clock_timestamp(), 'UTC') - $3::int * interval '1 hour', $4)
       on conflict (org_id, metric, hour) do update set count = excluded.count`,
      [id, metric, hoursAgo, count],
    )
}
const hours = (count: number): Record<number, number> =>
  Object.fromEntries(Array.from({ length: 24 * 14 }, (_, n) => [n + 2, count]))

describe('unusual activity', () => {
  it('is told once: in a row, in the log, and to its organisation alone', async () => {
    await newOrg()
    const other = await node.onboard(`quiet-${made}`)
    await plant('runsStarted', { ...hours(200), 0: 5_000 })
    await Promise.all([watch(), watch(), watch()])
    await plant('runsStarted', { 0: 6_000 })
    await watch()
    expect(await org.call(listAlerts, {})).toMatchObject([
      { metric: 'runsStarted', count: 5_000, usual: 200, threshold: 320, webhook: 'none' },
    ])
    expect(await other.call(listAlerts, {})).toEqual([])
    const lines = logged.filter((line) => 'org' in line && line.org === id)
    expect(lines).toMatchObject([{ metric: 'runsStarted', slug: org.slug, count: 5_000, threshold: 320 }])
  })

  it('is not a high level that the organisation always has, with ups and downs, and with nights of rest', async () => {
    await newOrg()
    const days = Object.entries(hours(2_000)).filter(([hour]) => Number(hour) % 24 < 9)
    await plant('creditsUsed', { ...Object.fromEntries(days), 0: 2_400 })
    await plant('refusedKeys', { ...hours(300), 0: 310 })
    await watch()
    expect(await org.call(listAlerts, {})).toEqual([])
  })

  it('is, of an organisation that is new, what goes beyond the floor alone', async () => {
    for (const [metric, { floor }] of Object.entries(METRICS)) {
      await newOrg()
      await plant(metric as Metric, { 0: floor })
      await watch()
      expect(await org.call(listAlerts, {})).toEqual([])
      await plant(metric as Metric, { 0: floor + 1 })
      await watch()
      expect(await org.call(listAlerts, { metric: metric as Metric })).toMatchObject([{ threshold: floor, usual: 0 }])
    }
  })

  it('of the last minutes of an hour is told in the next one', async () => {
    await newOrg()
    await plant('foreignIds', { 1: 50 })
    await watch()
    expect(await org.call(listAlerts, {})).toHaveLength(1)
  })

  it('is listed page by page, and for who may read findings', async () => {
    await newOrg()
    await plant('foreignIds', { 0: 50, 1: 50 })
    await plant('unknownNames', { 0: 50 })
    await watch()
    const first = await org.envelope(listAlerts, { limit: 2 })
    const cursor = first.meta?.pagination.nextCursor ?? ''
    const second = await org.envelope(listAlerts, { limit: 2, cursor })
    expect(new Set([...first.data, ...second.data].map((alert) => alert.id)).size).toBe(3)
    expect(second.meta?.pagination.nextCursor).toBeNull()
    const { secret } = await org.call(createApiKey, { name: 'other', scopes: ['runs:read'] })
    expect((await testOrg(node.caller, org.slug, secret).error(listAlerts, {})).code).toBe('forbidden')
  })
})

describe('what is counted', () => {
  it('by several nodes at the same moment is counted by all of them', async () => {
    const orgs = Array.from({ length: 2_000 }, () => newId('org'))
    const lost: object[] = []
    const loud = { ...silentLog, warn: (fields: object) => void lost.push(fields) }
    const refusal = new TenonError('unknown_pipeline')
    const nodes = [orgs, orgs.toReversed()].map((known) => ({
      known,
      alerts: createAlerts({ db: node.database.db, log: loud, sources: [] }),
    }))
    for (let round = 0; round < 3; round++)
      await Promise.all(
        nodes.map(async ({ known, alerts }) => {
          for (const one of known) alerts.refused({ principal: { org: { id: one } } } as Call, refusal)
          await alerts.flush()
        }),
      )
    expect(lost).toEqual([])
    const [sum] = await node.database.query<{ n: number }>(
      'select sum(count)::int as n from org_activity where org_id = any($1)',
      [orgs],
    )
    expect(sum?.n).toBe(12_000)
  })

  const counted = async (): Promise<Record<string, number>> => {
    await node.domains.flush()
    const rows = await node.database.query<{ metric: string; count: string }>(
      'select metric, sum(count) as count from org_activity where org_id = $1 group by 1',
      [id],
    )
    return Object.fromEntries(rows.map(({ metric, count }) => [metric, Number(count)]))
  }

  it('are refused keys, names of other organisations and names that there are not, for the organisation of the caller', async () => {
    await newOrg()
    const { id: key, secret } = await org.call(createApiKey, { name: 'to end', scopes: ['runs:read'] })
    const ended = testOrg(node.caller, org.slug, secret)
    await ended.error(listAlerts, {})
    await org.call(revokeApiKey, { key })
    for (let n = 0; n < 3; n++) await ended.error(listAlerts, {})
    for (const named of ['nobody', 'alerts-1']) await org.error(listAlerts, { org: named })
    await org.error(startRun, { pipeline: 'no/such/pipeline', input: {} })
    await org.error(listAlerts, { limit: 0 })
    expect(await counted()).toEqual({ refusedKeys: 4, foreignIds: 2, unknownNames: 1 })
    await org.error(listAlerts, { org: 'nobody' })
    expect(await counted()).toMatchObject({ foreignIds: 3 })
  })

  it('are runs and used credits, read from their rows anew each time', async () => {
    await newOrg()
    await node.database.query(
      `insert into runs (org_id, id, pipeline, status, input, request_id, created_by, max_active)
       select $1, 'run_' || n, 'git/code/index', 'failed', '{}', 'r', 'test', 1 from generate_series(1, 130) n`,
      [id],
    )
    await node.database.query(
      `insert into credit_entries (org_id, seq, key, kind, d_available, d_reserved, available_after, reserved_after)
       values ($1, 1001, 'a', 'capture', 0, -700, 0, 0), ($1, 1002, 'b', 'reserve', -50, 50, 0, 0)`,
      [id],
    )
    const alerts = createAlerts({ db: node.database.db, log, sources: sources() })
    await alerts.watch()
    await alerts.watch()
    expect(await counted()).toEqual({ runsStarted: 130, creditsUsed: 700 })
    expect((await org.call(listAlerts, {})).map(({ metric }) => metric).toSorted()).toEqual([
      'creditsUsed',
      'runsStarted',
    ])
  })

  it('is forgotten when it is older than what is compared', async () => {
    await newOrg()
    await plant('foreignIds', { [24 * 16]: 5, 3: 1 })
    await watch()
    expect(await counted()).toEqual({ foreignIds: 1 })
  })
})

describe('the webhook', () => {
  const SECRET = 'secret of a webhook'
  let server: Server
  let url: string
  let answers: { status: number; location?: string }[] = []
  let heard: { headers: IncomingHttpHeaders; body: string; path: string }[] = []

  beforeAll(async () => {
    server = createServer((request, response) => {
      const parts: Buffer[] = []
      request.on('data', (part: Buffer) => parts.push(part))
      request.on('end', () => {
        heard.push({ headers: request.headers, body: Buffer.concat(parts).toString(), path: request.url ?? '' })
        const { status, location } = answers.shift() ?? { status: 200 }
        response.writeHead(status, location === undefined ? {} : { location }).end('thank you')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })
  afterAll(() => new Promise((resolve) => server.close(resolve)))

  const tell = (address = `${url}/alerts`) =>
    createAlerts({ db: node.database.db, log, sources: [], webhook: { url: address, secret: SECRET } }).watch()
  const state = async () => (await org.call(listAlerts, {})).map(({ webhook }) => webhook)
  const due = () => node.database.query('update alerts set next_try_at = now() where next_try_at is not null')

  async function burst(): Promise<void> {
    await newOrg()
    heard = []
    await plant('foreignIds', { 0: 50 })
  }

  it('is told once, with a signature over time and body', async () => {
    await burst()
    await tell()
    await due()
    await tell()
    expect(heard).toHaveLength(1)
    const [{ headers, body } = { headers: {} as IncomingHttpHeaders, body: '' }] = heard
    const [, t = '', v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers['tenon-signature'])) ?? []
    expect(v1).toBe(createHmac('sha256', SECRET).update(`${t}.${body}`).digest('hex'))
    expect(Math.abs(Date.now() / 1_000 - Number(t))).toBeLessThan(60)
    expect(JSON.parse(body)).toMatchObject({
      type: 'alert.raised',
      org: { id, slug: org.slug },
      alert: { metric: 'foreignIds', count: 50, threshold: 10 },
    })
    expect(await state()).toEqual(['delivered'])
  })

  it('is told again later when it has failed, not at once, and is given up after ten tries', async () => {
    await burst()
    answers = [{ status: 500 }]
    await tell()
    expect(await state()).toEqual(['pending'])
    await tell()
    expect(heard).toHaveLength(1)
    answers = Array.from({ length: 9 }, () => ({ status: 503 }))
    for (let n = 0; n < 12; n++) {
      await due()
      await tell()
    }
    expect(heard).toHaveLength(10)
    expect(await state()).toEqual(['failed'])
  })

  it('is told of nothing twice by several workers', async () => {
    await burst()
    await watch()
    await node.database.query('update alerts set next_try_at = now() where org_id = $1', [id])
    await Promise.all(Array.from({ length: 4 }, () => tell()))
    expect(heard).toHaveLength(1)
  })

  it('is not followed elsewhere, and one that can not be reached is told later', async () => {
    await burst()
    answers = [{ status: 307, location: `${url}/elsewhere` }]
    await tell()
    expect(heard.map(({ path }) => path)).toEqual(['/alerts'])
    await due()
    await tell('http://127.0.0.1:9/closed')
    expect(await state()).toEqual(['pending'])
    await due()
    await tell()
    expect(await state()).toEqual(['delivered'])
    expect(JSON.stringify(logged)).not.toContain(SECRET)
  })
})
