import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository, deleteRepository, reindexRepository } from '../../src/contract/code.ts'
import { getRun, isEnded } from '../../src/contract/runs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { makeRepository } from '../support/git-repository.ts'
import { samplesOf, scrape, sumOf, type Sample } from '../support/metrics-page.ts'
import { bearer, httpClient, programsOn, type Program, type Programs } from '../support/serve.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { onboard } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

const folder = temporaryFolder('metrics')
const env = { TENON_DATA_DIR: join(folder.path, 'data'), TENON_LOCAL_REPOS: folder.path }
let database: TestDatabase
let programs: Programs
let apis: readonly [Program, Program]
let worker: Program
let org: Awaited<ReturnType<typeof onboard>>

beforeAll(async () => {
  database = await createTestDatabase()
  programs = programsOn(database.url)
  apis = await Promise.all([programs.serve(env), programs.serve(env)])
  worker = await programs.worker(env)
  org = await onboard(apis[0].url, 'counted-organisation')
}, 120_000)
afterAll(async () => {
  await programs.end()
  await database.close()
  folder.remove()
})

async function samplesFrom(...from: readonly Program[]): Promise<Sample[]> {
  return (await Promise.all(from.map(async ({ url }) => samplesOf(await scrape(url))))).flat()
}

function clusterOf(samples: readonly Sample[]): string[] {
  return samples
    .filter(({ name }) => name.startsWith('tenon_cluster_') && !name.endsWith('_age_seconds'))
    .map((sample) => JSON.stringify(sample))
}

async function indexRepository(name: string): Promise<string> {
  const source = makeRepository(join(folder.path, name), { 'a.ts': 'export const lighthouse = 1\n' })
  const { data } = await org.client.call(addRepository, { source })
  const ended = async () => isEnded((await org.client.call(getRun, { run: data.run.id })).data.status)
  await waitFor(ended, 30_000)
  return data.repository.id
}

describe('counters', () => {
  it('summed over the processes are exactly what was called', async () => {
    const clients = apis.map(({ url }) => httpClient(url))
    const statuses = await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        const headers = bearer(n % 3 === 0 ? 'wrong-key' : org.apiKey)
        return (await clients[n % 2]?.ask('/v1/me', { headers }))?.status
      }),
    )
    for (const client of clients) client.close()
    expect(statuses.filter((status) => status === 200)).toHaveLength(200)
    const samples = await samplesFrom(...apis, worker)
    const operation = 'me.get'
    expect(sumOf(samples, 'tenon_operations_total', { operation })).toBe(300)
    expect(sumOf(samples, 'tenon_operations_total', { operation, outcome: 'ok' })).toBe(200)
    expect(sumOf(samples, 'tenon_operations_total', { operation, outcome: 'invalid_api_key' })).toBe(100)
    const route = '/v1/me'
    expect(sumOf(samples, 'tenon_http_requests_total', { route, method: 'GET', status: '200' })).toBe(200)
    expect(sumOf(samples, 'tenon_http_requests_total', { route, method: 'GET', status: '401' })).toBe(100)
    expect(sumOf(samples, 'tenon_http_request_duration_seconds_count', { route })).toBe(300)
    for (const api of apis) expect(sumOf(await samplesFrom(api), 'tenon_operations_total', { operation })).toBe(150)
  })

  it('of steps stand at the worker alone, one for each chunk that was done', async () => {
    const repository = await indexRepository('hidden-name')
    const done = async () =>
      (await database.query<{ n: number }>("select count(*)::int as n from chunks where state = 'done'"))[0]?.n ?? 0
    expect(await done()).toBeGreaterThanOrEqual(3)
    const pipeline = 'git/code/index'
    const samples = await samplesFrom(worker)
    expect(sumOf(samples, 'tenon_run_steps_total', { pipeline, outcome: 'ok' })).toBe(await done())
    expect(sumOf(samples, 'tenon_run_steps_total', { pipeline, step: 'finish' })).toBe(1)
    expect(sumOf(await samplesFrom(...apis), 'tenon_run_steps_total')).toBe(0)
    await org.client.call(deleteRepository, { repository })
    await waitFor(async () => sumOf(await samplesFrom(worker), 'tenon_jobs_total', { outcome: 'ok' }) === 1, 20_000)
    expect(samples).toContainEqual(
      expect.objectContaining({
        name: 'tenon_info',
        labels: { version: expect.any(String) as string, role: 'worker' },
      }),
    )
  })

  it('have few labels, and none of a tenant, whatever is called', async () => {
    const [api] = apis
    const client = httpClient(api.url)
    const word = () => randomBytes(6).toString('hex')
    const headers = bearer(org.apiKey)
    const [row] = await database.query<{ id: string }>('select org_id as id from organizations where slug = $1', [
      org.slug,
    ])
    const asked = async () => {
      await client.ask(`/v1/${word()}/${word()}`, { headers })
      await client.ask(`/v1/repositories/${word()}`, { headers })
      await client.ask(`/v1/runs/${org.slug}/${word()}`, { headers, method: 'DELETE' })
      await client.ask(`/v1/search/${org.slug}?q=${word()}`, { headers, method: 'POST', body: {} })
      await client.ask(`/v1/repositories/${org.slug}/${word()}?${word()}=1`, { headers })
    }
    await asked()
    const own = (text: string) => samplesOf(text).filter(({ name }) => name.startsWith('tenon_'))
    await scrape(api.url)
    const before = own(await scrape(api.url)).length
    for (let n = 0; n < 40; n++) await asked()
    client.close()
    const page = await scrape(api.url)
    expect(own(page)).toHaveLength(before)
    expect(before).toBeLessThan(1_000)
    expect(sumOf(samplesOf(page), 'tenon_http_requests_total', { route: 'other' })).toBeGreaterThanOrEqual(41)
    expect(row?.id).toMatch(/^org_/)
    for (const hidden of [org.slug, row?.id, org.apiKey, 'hidden-name', 'repo_', 'key_', 'org_0'])
      expect(page).not.toContain(hidden)
  })
})

describe('the state of the installation', () => {
  it('is the same at every process, and each says that a worker lives', async () => {
    await waitFor(async () => {
      const shown = await Promise.all([...apis, worker].map(async (one) => clusterOf(await samplesFrom(one)).join()))
      return new Set(shown).size === 1
    }, 20_000)
    const samples = await samplesFrom(apis[1])
    expect(sumOf(samples, 'tenon_cluster_workers')).toBe(1)
    expect(sumOf(samples, 'tenon_database_up')).toBe(1)
    expect(samples.filter(({ name }) => name === 'tenon_cluster_queue_jobs')).toHaveLength(4)
  })

  it('shows what waits when no worker is there any more, whose counters are gone with it', async () => {
    const repository = await indexRepository('another')
    expect(await worker.stop()).toBe(0)
    await expect(scrape(worker.url)).rejects.toThrow('fetch failed')
    await org.client.call(reindexRepository, { repository })
    for (const api of apis) {
      await waitFor(async () => sumOf(await samplesFrom(api), 'tenon_cluster_runs', { state: 'queued' }) === 1, 20_000)
      const samples = await samplesFrom(api)
      expect(sumOf(samples, 'tenon_cluster_chunks', { state: 'ready' })).toBe(1)
      expect(sumOf(samples, 'tenon_cluster_chunks', { state: 'active' })).toBe(0)
      expect(sumOf(samples, 'tenon_cluster_oldest_ready_chunk_age_seconds')).toBeGreaterThan(0)
      expect(sumOf(samples, 'tenon_cluster_workers')).toBe(0)
    }
    expect(sumOf(await samplesFrom(...apis), 'tenon_run_steps_total')).toBe(0)
  }, 60_000)

  it('is left out while the database is away, and the rest is shown in time', async () => {
    const proxy = await startTcpProxy(database.url)
    const behind = programsOn(proxy.url)
    const api = await behind.serve()
    expect(sumOf(await samplesFrom(api), 'tenon_database_up')).toBe(1)
    proxy.freezeNew(() => true)
    proxy.freeze(() => true)
    await waitFor(async () => sumOf(await samplesFrom(api), 'tenon_database_up') === 0, 20_000)
    const began = performance.now()
    const page = await scrape(api.url)
    expect(performance.now() - began).toBeLessThan(8_000)
    expect(page).not.toContain('tenon_cluster_')
    expect(page).toContain('process_cpu_seconds_total')
    await behind.end()
    await proxy.close()
  }, 90_000)
})

describe('who may look', () => {
  it('a stranger can not tell the page from one that is not there', async () => {
    const api = await programs.serve({ TENON_METRICS_TOKEN: 'token-of-the-scraper' })
    const ask = async (path: string, headers: Record<string, string> = {}) => {
      const response = await fetch(`${api.url}${path}`, {
        headers: { 'x-request-id': 'the-same-each-time', ...headers },
      })
      return { status: response.status, headers: [...response.headers.keys()], body: await response.text() }
    }
    const nowhere = await ask('/nowhere')
    expect(nowhere.status).toBe(404)
    for (const headers of [{}, bearer('token-of-another'), bearer(''), { authorization: 'token-of-the-scraper' }])
      expect(await ask('/metrics', headers)).toEqual(nowhere)
    expect(samplesOf(await scrape(api.url, bearer('token-of-the-scraper'))).length).toBeGreaterThan(20)
    const { headers } = await fetch(`${api.url}/metrics`, { headers: bearer('token-of-the-scraper') })
    expect(headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  })
})
