import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createClient } from '../../src/contract/client.ts'
import { addRepository } from '../../src/contract/code.ts'
import { setLimits } from '../../src/contract/limits.ts'
import { getRun, isEnded, type Run } from '../../src/contract/runs.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { makeRepository } from '../support/git-repository.ts'
import {
  bearer,
  explainFailure,
  httpClient,
  isReady,
  programsOn,
  type HttpClient,
  type Program,
  type Programs,
} from '../support/serve.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { onboard, ROOT_KEY } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

const DRAIN_SECONDS = 3
const CLIENTS = 32
const PROBE_MS = 200

let database: TestDatabase
let programs: Programs
beforeAll(async () => {
  database = await createTestDatabase()
  programs = programsOn(database.url)
}, 60_000)
afterAll(async () => {
  await programs.end()
  await database.close()
})

interface Backend {
  readonly client: HttpClient
  ready: boolean
  calls: number
}

/**
 * A load balancer as simple as they come: it asks every node five times a second whether it is ready, and sends each call
 * to one of those that were. Connections are kept open, unless a node says that it wants to close one.
 */
function balance(nodes: readonly Program[], apiKey: string) {
  const stopping = new AbortController()
  const backends: Backend[] = nodes.map(({ url }) => ({ client: httpClient(url), ready: true, calls: 0 }))
  const failures: unknown[] = []
  const probe = async (backend: Backend, { url }: Program): Promise<void> => {
    while (!stopping.signal.aborted) {
      backend.ready = await isReady(url)
      await sleep(PROBE_MS)
    }
  }
  const send = async (n: number): Promise<void> => {
    for (let turn = n; !stopping.signal.aborted; turn++) {
      const ready = backends.filter((backend) => backend.ready)
      const backend = ready[turn % ready.length]
      if (backend === undefined) {
        failures.push('no node is ready')
        await sleep(PROBE_MS)
        continue
      }
      const answer = await backend.client.ask('/v1/me', { headers: bearer(apiKey) }).catch((error: unknown) => error)
      backend.calls += 1
      if (!isSuccess(answer)) failures.push(answer)
    }
  }
  const work = [
    ...backends.map((backend, i) => probe(backend, at(nodes, i))),
    ...Array.from({ length: CLIENTS }, (_, n) => send(n)),
  ]
  const stop = async (): Promise<void> => {
    stopping.abort()
    await Promise.all(work)
    for (const { client } of backends) client.close()
  }
  onTestFinished(stop)
  return { backends, failures, stop }
}

function at<T>(items: readonly T[], n: number): T {
  const item = items[n]
  if (item === undefined) throw new Error('there is no such')
  return item
}

function isSuccess(answer: unknown): boolean {
  return typeof answer === 'object' && answer !== null && 'status' in answer && answer.status === 200
}

describe('a node that is told to end while it is called', () => {
  it('is not ready at once, serves until its callers have gone, fails none of them, and ends well', async ({
    annotate,
  }) => {
    const env = { TENON_DRAIN_SECONDS: String(DRAIN_SECONDS) }
    const nodes = await Promise.all([programs.serve(env), programs.serve(env)])
    const [leaving] = nodes
    explainFailure(...nodes)
    const { apiKey, slug } = await onboard(leaving.url, 'drain')
    const operator = createClient({ url: leaving.url, rootKey: ROOT_KEY, fetch })
    await operator.call(setLimits, { org: slug, callsPerHour: 1_000_000_000, callsPerDay: 1_000_000_000 })
    const load = balance(nodes, apiKey)
    const [first, second] = [at(load.backends, 0), at(load.backends, 1)]
    await waitFor(async () => Math.min(first.calls, second.calls) > 500, 30_000)

    const told = performance.now()
    const before = first.calls
    const ended = leaving.stop()
    const direct = httpClient(leaving.url)
    onTestFinished(() => direct.close())
    await waitFor(async () => (await direct.ask('/readyz')).status === 503, 10_000)
    const noticed = performance.now() - told
    const served = await direct.ask('/v1/me', { headers: bearer(apiKey) })
    const code = await ended
    const took = performance.now() - told
    const after = second.calls
    await waitFor(async () => second.calls > after + 500, 30_000)
    await load.stop()

    expect(noticed).toBeLessThan(3_000)
    expect([served.status, served.headers.connection]).toEqual([200, 'close'])
    expect(load.failures).toEqual([])
    // It was under load when it was told.
    expect(first.calls - before).toBeGreaterThan(0)
    expect(code).toBe(0)
    expect(took).toBeGreaterThan(DRAIN_SECONDS * 1000)
    expect(took).toBeLessThan(25_000)
    await annotate(
      `not ready after ${noticed.toFixed(0)} ms, ended after ${took.toFixed(0)} ms; ${first.calls - before} calls were served meanwhile, ${first.calls + second.calls} in all`,
    )
  }, 120_000)
})

describe('a node that is told to end while calls wait for a run', () => {
  it('answers each with the run as it is, ends streams of events, and does not wait for the run', async () => {
    const folder = temporaryFolder('waiting')
    // Its run is never worked on, and would be by the workers of the others.
    const apart = await createTestDatabase()
    const own = programsOn(apart.url)
    onTestFinished(async () => {
      await own.end()
      await apart.close()
      folder.remove()
    })
    const source = makeRepository(join(folder.path, 'waited-for'), { a: 'text\n' })
    const api = await own.serve({
      TENON_DATA_DIR: join(folder.path, 'data'),
      TENON_DRAIN_SECONDS: '0',
      TENON_LOCAL_REPOS: folder.path,
    })
    explainFailure(api)
    const { client, apiKey, slug } = await onboard(api.url, 'waiting')
    // No worker comes: it would wait for good.
    const { run } = (await client.call(addRepository, { source })).data
    const ask = (path: string, body?: object) =>
      fetch(new URL(path, api.url), {
        ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
        headers: {
          ...bearer(apiKey),
          accept: 'application/json, text/event-stream',
          'content-type': 'application/json',
        },
      })
    const params = { name: 'get_run', arguments: { run: run.id, waitSeconds: 50 } }
    const tool = (more: object) =>
      ask('/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, ...more } })
    const overRest = ask(`/v1/runs/${slug}/${run.id}?waitSeconds=50`)
    const overMcp = tool({})
    // Their first words come when they have begun to wait.
    const streams = await Promise.all([tool({ _meta: { progressToken: 1 } }), ask(`/v1/runs/${slug}/${run.id}/events`)])

    const told = performance.now()
    const code = await api.stop()
    const took = performance.now() - told
    const texts = await Promise.all([overRest, overMcp, ...streams].map(async (answer) => (await answer).text()))

    expect(code).toBe(0)
    // Less than the grace that calls under way have.
    expect(took).toBeLessThan(10_000)
    const [rest = '', mcp = '', progress = '', events = ''] = texts
    expect(JSON.parse(rest)).toMatchObject({ data: { id: run.id, status: 'queued' } })
    expect(JSON.parse(mcp)).toMatchObject({ result: { structuredContent: { data: { id: run.id, status: 'queued' } } } })
    expect(progress).toMatch(/notifications\/progress[^]*"structuredContent":\{"data":\{"id":"run_/)
    expect(events).toContain('event: run')
  }, 60_000)
})

/** Files for so many chunks of the work, of which each takes 4 MB: binary, so that there is little to do for each. */
function filesFor(chunks: number): Record<string, Buffer> {
  const content = (n: number): Buffer => Buffer.concat([Buffer.from(`${n}`), Buffer.alloc(980_000)])
  return Object.fromEntries(Array.from({ length: chunks * 4 }, (_, n) => [`${n}.bin`, content(n)]))
}

// That a chunk which does not end within the grace is put back is in src/pipelines/engine/engine.test.ts.
describe('a worker that is told to end in the middle of a run', () => {
  it('leaves nothing claimed behind: another worker ends the run without waiting for a lease', async () => {
    const folder = temporaryFolder('handover')
    const own = programsOn(database.url)
    onTestFinished(async () => {
      await own.end()
      folder.remove()
    })
    const source = makeRepository(join(folder.path, 'large'), filesFor(24))
    const env = { TENON_DATA_DIR: join(folder.path, 'data'), TENON_LOCAL_REPOS: folder.path }
    const [api, first] = await Promise.all([own.serve(env), own.worker(env)])
    explainFailure(api, first)
    const { client } = await onboard(api.url, 'handover')
    const { data } = await client.call(addRepository, { source })
    const run = async (): Promise<Run> => (await client.call(getRun, { run: data.run.id })).data
    await waitFor(async () => (await run()).progress.chunksDone > 0, 30_000)
    expect(await first.stop()).toBe(0)

    expect((await run()).status).toBe('running')
    const states = await database.query<{ state: string }>("select distinct state from chunks where step = 'work'")
    expect(states.map(({ state }) => state).toSorted()).toEqual(['done', 'ready'])
    await own.worker(env)
    await waitFor(async () => isEnded((await run()).status), 60_000)
    expect(await run()).toMatchObject({ status: 'succeeded', progress: { chunksFailed: 0 } })
    expect(await database.query('select from chunks where tries > 0')).toEqual([])
  }, 120_000)
})
