import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createApiKey, revokeApiKey } from '../../src/contract/identity.ts'
import { newSecret } from '../../src/domains/identity/key-format.ts'
import { lockDataDir, startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/platform/postgres/index.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import {
  bearer,
  explainFailure,
  httpClient,
  programsOn,
  type Answer,
  type Asked,
  type HttpClient,
  type Programs,
} from '../support/serve.ts'
import { startTcpProxy } from '../support/tcp-proxy.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { onboard, ROOT_KEY } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

type Org = Awaited<ReturnType<typeof onboard>>
/** A call, and the status that it has when all is well. */
type Sample = readonly [path: string, asked: Asked, status: number]

/** The last one of what was under way: the verb had its answer, and its entry could not be written. */
const DOWN = new Set(['unavailable', 'limits_unavailable', 'audit_unavailable'])
/** No call may take as long while there is no database. */
const HANG_MS = 15_000
const BACK_MS = 10_000

/** Calls of every kind: those that read and write, those of a key, of the operator (to another organisation) and of nobody. */
function samplesOf({ apiKey, slug }: Org, other: Org): readonly Sample[] {
  const headers = bearer(apiKey)
  return [
    ['/v1/me', { headers }, 200],
    [`/v1/runs/${slug}`, { headers }, 200],
    [`/v1/api-keys/${slug}`, { headers, method: 'POST', body: { name: 'another' } }, 201],
    [`/v1/limits/${other.slug}`, { headers: { 'x-root-key': ROOT_KEY }, method: 'PATCH', body: {} }, 200],
    ['/v1/me', { headers: bearer(newSecret().secret) }, 401],
  ]
}

interface Outcome {
  /** 0 when the node did not answer at all. */
  readonly status: number
  readonly code: string | undefined
  readonly expected: number
  readonly began: number
  readonly tookMs: number
}

async function call(client: HttpClient, [path, asked, expected]: Sample): Promise<Outcome> {
  const began = performance.now()
  const { status, code } = await client
    .ask(path, asked)
    .catch((error: unknown) => ({ status: 0, code: error instanceof Error ? error.message : String(error) }))
  return { status, code, expected, began, tookMs: performance.now() - began }
}

const isWell = ({ status, expected }: Outcome): boolean => status === expected
const isDown = ({ status, code = '' }: Outcome): boolean => status === 503 && DOWN.has(code)

/** Every sample again and again, each by a client of its own, until it is stopped. */
function callAllTheTime(client: HttpClient, samples: readonly Sample[]): { stop(): Promise<Outcome[]> } {
  const stopping = new AbortController()
  const outcomes: Outcome[] = []
  const work = samples.map(async (sample) => {
    while (!stopping.signal.aborted) {
      outcomes.push(await call(client, sample))
      await sleep(50)
    }
  })
  const stop = async (): Promise<Outcome[]> => {
    stopping.abort()
    await Promise.all(work)
    return outcomes
  }
  onTestFinished(async () => void (await stop()))
  return { stop }
}

function clientOf({ url }: { readonly url: string }): HttpClient {
  const client = httpClient(url)
  onTestFinished(() => client.close())
  return client
}

const statusOf = async (client: HttpClient, path: string): Promise<number> => (await client.ask(path)).status

describe('a node whose PostgreSQL stops', () => {
  const folder = temporaryFolder('database-down')
  const start = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({ dataDir: folder.path, settings: { fsync: 'off', full_page_writes: 'off' } })
  let lock: Awaited<ReturnType<typeof lockDataDir>>
  let postgres: EmbeddedPostgres
  let programs: Programs
  beforeAll(async () => {
    lock = await lockDataDir(folder.path)
    postgres = await start()
    programs = programsOn(postgres.url)
  }, 60_000)
  afterAll(async () => {
    await programs.end()
    await postgres.stop()
    lock.release()
    folder.remove()
  })

  it('lives on, is not ready, says so to every call, and works again when it is back', async ({ annotate }) => {
    const node = await programs.serve()
    explainFailure(node)
    const client = clientOf(node)
    const org = await onboard(node.url, 'down')
    const { data: doomed } = await org.client.call(createApiKey, { name: 'doomed' })
    const samples = samplesOf(org, await onboard(node.url, 'operated'))
    for (const sample of samples) expect(await call(client, sample)).toSatisfy(isWell)
    const revoked: Sample = ['/v1/me', { headers: bearer(doomed.secret) }, 401]
    expect(await statusOf(client, '/readyz')).toBe(200)

    const load = callAllTheTime(client, [...samples.slice(0, -1), revoked])
    await postgres.stop()
    const stopped = performance.now()
    await waitFor(async () => (await statusOf(client, '/readyz')) === 503, HANG_MS)
    const noticed = performance.now() - stopped
    expect(noticed).toBeLessThan(3_000)
    expect(await statusOf(client, '/healthz')).toBe(200)
    for (const sample of samples) expect(await call(client, sample)).toSatisfy(isDown)
    // With a key that it knows, it finds that calls can not be counted; later it does not trust what it knows any more.
    const me = samples.slice(0, 1)
    await waitFor(
      async () => (await Promise.all(me.map((one) => call(client, one))))[0]?.code === 'unavailable',
      HANG_MS,
    )
    for (const sample of samples) expect(await call(client, sample)).toSatisfy(isDown)
    expect(await statusOf(client, '/healthz')).toBe(200)

    const { port } = postgres
    postgres = await start()
    const back = performance.now()
    expect(postgres.port).toBe(port)
    await query(postgres.url, 'update api_keys set revoked_at = now() where id = $1', [doomed.id])
    const revokedAt = performance.now()
    await waitFor(async () => (await statusOf(client, '/readyz')) === 200, BACK_MS)
    for (const sample of samples) await waitFor(async () => isWell(await call(client, sample)), BACK_MS)
    const recovered = performance.now() - back
    expect(recovered).toBeLessThan(BACK_MS)
    expect(await call(client, revoked)).toSatisfy(isWell)

    const outcomes = await load.stop()
    const accepted = outcomes.filter(({ expected, status }) => expected === 401 && status === 200)
    expect(accepted.filter(({ began }) => began > revokedAt + 1_000)).toEqual([])
    const strange = outcomes.filter((outcome) => !isWell(outcome) && !isDown(outcome) && !accepted.includes(outcome))
    expect(strange).toEqual([])
    const slowest = Math.max(...outcomes.map(({ tookMs }) => tookMs))
    expect(slowest).toBeLessThan(HANG_MS)
    const failed = outcomes.filter(isDown).length
    expect([failed > 0, failed < outcomes.length]).toEqual([true, true])
    expect(await node.stop()).toBe(0)
    await annotate(
      `not ready after ${noticed.toFixed(0)} ms, well again after ${recovered.toFixed(0)} ms; of ${outcomes.length} calls ${failed} were refused, the slowest took ${slowest.toFixed(0)} ms`,
    )
  }, 120_000)
})

async function query(url: string, text: string, values: unknown[]): Promise<void> {
  const client = new pg.Client(url)
  await client.connect()
  await client.query(text, values)
  await client.end()
}

describe('a node that is cut off from its database', () => {
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

  it('does not accept a key, once it is back, that was revoked on another node meanwhile', async () => {
    const proxy = await startTcpProxy(database.url)
    onTestFinished(() => proxy.close())
    const [other, cut] = await Promise.all([programs.serve(), programs.serve({ DATABASE_URL: proxy.url })])
    explainFailure(other, cut)
    const org = await onboard(other.url, 'cut')
    const { data: doomed } = await org.client.call(createApiKey, { name: 'doomed' })
    const client = clientOf(cut)
    const ask = (secret: string): Promise<Answer> => client.ask('/v1/me', { headers: bearer(secret) })
    expect([(await ask(doomed.secret)).status, (await ask(org.apiKey)).status]).toEqual([200, 200])

    await proxy.cut()
    await org.client.call(revokeApiKey, { key: doomed.id })
    // It has it in its cache, but can not count the call; then it does not trust the cache any more.
    const seen: Answer[] = []
    await waitFor(async () => seen[seen.push(await ask(doomed.secret)) - 1]?.code === 'unavailable', HANG_MS)
    await proxy.mend()
    await waitFor(async () => seen[seen.push(await ask(doomed.secret)) - 1]?.status !== 503, BACK_MS)
    expect(seen.at(-1)).toMatchObject({ status: 401, code: 'invalid_api_key' })
    expect(seen.slice(0, -1).filter(({ status, code = '' }) => status !== 503 || !DOWN.has(code))).toEqual([])
    await waitFor(async () => (await ask(org.apiKey)).status === 200, BACK_MS)
  }, 60_000)
})
