import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAudit } from '../../src/contract/audit.ts'
import { createClient, type Client } from '../../src/contract/client.ts'
import { addRepository, listRepositories } from '../../src/contract/code.ts'
import { searchCode } from '../../src/contract/search.ts'
import { createApiKey, getMe, listApiKeys } from '../../src/contract/identity.ts'
import { OPERATIONS } from '../../src/contract/index.ts'
import { setLimits } from '../../src/contract/limits.ts'
import { createProject, listProjects } from '../../src/contract/projects.ts'
import { createSchedule } from '../../src/contract/schedules.ts'
import { getRun, isEnded, listRunLogs, listRuns } from '../../src/contract/runs.ts'
import { signatureOf, startSandboxOnly, stripeEnv } from '../support/billing.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { git, makeRepository } from '../support/git-repository.ts'
import { rawConnection } from '../support/openapi/connection.ts'
import { describedOperations, type Json, type OpenApiDocument } from '../support/openapi/document.ts'
import type { Header, Known } from '../support/openapi/draft.ts'
import { answerJudge, STAGES, type Stage } from '../support/openapi/judge.ts'
import { makePeople, type KnownPeople } from '../support/openapi/people.ts'
import {
  bytesOf,
  createRequestMaker,
  REQUEST_KINDS,
  type MadeRequest,
  type RequestKind,
} from '../support/openapi/requests.ts'
import { makeThings } from '../support/openapi/things.ts'
import { isReady, programsOn, type Program, type Programs } from '../support/serve.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { onboard, ROOT_KEY } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

/** All 100,000 take five minutes: `FUZZ_REQUESTS=100000 npm test -- test/e2e/fuzz.test.ts`. */
const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 12_000)
/** The same seed gives the same requests, but for the ids and keys that the server makes. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 1)
const CONNECTIONS = 16
/** Until caches are full. */
const WARM_UP = Math.min(10_000, REQUESTS / 2)
const GROWTH_MB = 50
/** A stream, which lasts as long as what it tells of. */
const WATCHED = 'runs.events'
/**
 * Adding starts git, passwords take a while to hash, Stripe a while to ask, organisations and revoked keys are many soon,
 * and probes have neither parser nor verb.
 */
const SELDOM = new Set([
  'runs.start',
  'runs.retry',
  'schedules.create',
  'repositories.add',
  'billing.checkout',
  'billing.confirm',
  'billing.portal',
  'billing.sync',
  'reconcile.stripe',
  'accounts.signUp',
  'accounts.resetPassword',
  'accounts.changePassword',
  'sessions.create',
  'twoFactor.enable',
  'twoFactor.disable',
  'organizations.onboard',
  'organizations.create',
  'apiKeys.revokeSelf',
  'healthz',
  'readyz',
])

/** Of a file of the repositories, one that is there no longer, and what is no diff. */
const DIFFS = [
  '--- a/src/0.ts\n+++ b/src/0.ts\n@@ -1 +1,2 @@\n-x\n+y\n+z\n',
  'diff --git a/src/1.ts b/src/2.ts\nsimilarity index 100%\nrename from src/1.ts\nrename to src/2.ts\n',
  'diff --git a/none.bin b/none.bin\nBinary files a/none.bin and b/none.bin differ\n',
  '--- a/src/0.ts\n+++ b/src/0.ts\n@@ -1,9 +1,9 @@\n-x\n',
  'no diff',
]
const SPECS = [
  {},
  { create: [{ path: 'src/41.ts', imports: ['./0.ts', './none.ts', 'react'] }], delete: ['src/1.ts'] },
  { modify: [{ path: 'src/0.ts', symbols: ['lighthouse0'] }], symbols: [{ name: 'lighthouse9', action: 'delete' }] },
  {
    migrations: ['db/0001_a.sql'],
    dependencies: [{ name: 'react', version: '^19.0.0' }],
    tests: [{ path: 'a.test.ts' }],
  },
]

const ISSUER = { name: 'staff', issuer: 'https://login.example', audience: 'tenon', algorithms: ['RS256'] }
const folder = temporaryFolder('fuzz')
let database: TestDatabase
let stripe: Awaited<ReturnType<typeof startSandboxOnly>>
let programs: Programs
let server: Program
let document: OpenApiDocument
let orgs: readonly string[]
let known: Known

beforeAll(async () => {
  database = await createTestDatabase()
  programs = programsOn(database.url)
  stripe = await startSandboxOnly()
  const env = {
    ...stripeEnv(stripe.settings),
    TENON_DATA_DIR: join(folder.path, 'data'),
    TENON_LOCAL_REPOS: join(folder.path, 'repositories'),
    // So that no request leaves this machine.
    TENON_GIT_BASE_URL: 'https://nowhere.invalid',
    // So that a request can say from which address it comes.
    TENON_TRUSTED_PROXIES: '127.0.0.1',
    LOG_LEVEL: 'info',
    TENON_ISSUERS_FILE: join(folder.path, 'issuers.json'),
    // By which its garbage is collected before its memory is measured.
    NODE_OPTIONS: '--inspect=127.0.0.1:0',
  }
  writeFileSync(env.TENON_ISSUERS_FILE, JSON.stringify([ISSUER]))
  server = await programs.serve(env)
  document = (await (await fetch(`${server.url}/openapi.json`)).json()) as OpenApiDocument
  const worker = await programs.worker(env)
  const { client, apiKey, slug } = await onboard(server.url, 'fuzzed')
  orgs = [slug, (await client.call(getMe, {})).data.org?.id ?? '']
  const dir = env.TENON_DATA_DIR
  const people = await makePeople(server.url, dir)
  const things = await makeThings(database, { client, slug, dir, people })
  known = await fill(client, apiKey, { endWork: () => worker.stop(), people, things })
}, 120_000)
afterAll(async () => {
  await programs.end()
  await stripe.sandbox.close()
  await database.close()
  folder.remove()
})

type Values = Readonly<Record<string, readonly Json[]>>
const SESSION_ALONE = new Set(OPERATIONS.filter(({ auth }) => auth === 'session').map(({ name }) => name))
const TO_BE_SIGNED = 'to be signed'

/** Lifts the limits of an organisation and gives it something of everything; answers what leads there. */
async function fill(
  client: Client,
  apiKey: string,
  { endWork, people, things }: { endWork(): Promise<unknown>; people: KnownPeople; things: Values },
): Promise<Known> {
  const operator = createClient({ url: server.url, rootKey: ROOT_KEY, fetch })
  const many = 2_000_000_000
  const limits = {
    callsPerHour: many,
    callsPerDay: many,
    concurrentRuns: many,
    activeChunks: many,
    runsPerDay: many,
    repositories: many,
    integrations: many,
    seats: many,
  }
  await operator.call(setLimits, { org: 'fuzzed', ...limits })
  // Its limits may become nothing.
  const ended = await onboard(server.url, 'ended')
  const spare = await onboard(server.url, 'spare')

  const sources = makeSources()
  const { repositories, runs } = await index(client, sources.readable)
  await endWork()
  const live = await waitingRuns(client, sources.readable[0] ?? '')
  const throwAway = Array.from({ length: 6 }, (_, n) => `throw-away/${n}`)
  const projects = ['storefront', 'search', 'spare-1', 'spare-2', 'spare-3', 'spare-4']
  const projectIds = await Promise.all(
    projects.map(async (name) => (await client.call(createProject, { name })).data.id),
  )
  const keys = await Promise.all(
    Array.from({ length: 400 }, async (_, n) => (await client.call(createApiKey, { name: `throw-away ${n}` })).data),
  )
  const revokedBySelf = keys.slice(200).map(({ secret }) => secret)
  const reader = (await client.call(createApiKey, { name: 'reader', scopes: ['runs:read'] })).data.secret
  const values: Values = {
    ...live,
    ...people.values,
    ...things,
    org: orgs,
    connection: ['staff', 'nobody'],
    'organizations.delete org': [ended.slug],
    'organizations.delete confirm': [ended.slug],
    'limits.set org': [spare.slug, (await spare.client.call(getMe, {})).data.org?.id ?? ''],
    repository: [...repositories, ...repositories, ...repositories, ...throwAway],
    'repositories.delete repository': throwAway,
    'repositories.add name': throwAway,
    project: [...projectIds.slice(0, 2), projects[0] ?? ''],
    'projects.delete project': projectIds.slice(2),
    'projects.create name': [...projects, 'made-anew'],
    'projects.update name': projects.slice(0, 2),
    source: sources.all,
    ref: ['main', 'v1', 'refs/heads/main', 'no-such', '-x'],
    key: keys.slice(0, 200).map(({ id }) => id),
    run: runs,
    // One that has ended and stays so: a call may wait for the end of one that is tried again, to which no worker comes.
    'runs.get run': runs.slice(0, 1),
    'runs.retry run': runs.slice(1),
    pipeline: ['git/code/index'],
    action: OPERATIONS.map(({ name }) => name),
    'repositories.file path': ['src/0.ts', 'src/1.ts', 'none.ts', '../x'],
    'dependencies.search path': ['src/0.ts', 'src/1.ts', 'none.ts', '../x'],
    symbol: ['lighthouse0', 'lighthouse*', 'none', 'App.start'],
    files: [['src/0.ts'], ['src/1.ts', 'none.ts'], ['none.ts'], ['/etc/passwd']],
    symbols: [[{ name: 'lighthouse1' }], [{ name: 'lighthouse2', path: 'src/2.ts' }], [{ name: 'none' }]],
    diff: DIFFS,
    base: ['main', 'v1', 'no-such', '--upload-pack=x'],
    head: ['main', 'v1', 'no-such'],
    spec: SPECS,
    q: ['lighthouse', 'LIGHTHOUSE', 'e', 'const', 'Straße', 'no such text'],
    ...(await cursors(client, runs[0] ?? '')),
  }
  return {
    values: (operation, field) => values[`${operation} ${field}`] ?? values[field] ?? [],
    credentials: (operation, scheme) => {
      if (scheme === 'rootKey') return [ROOT_KEY]
      if (scheme === 'signature') return [TO_BE_SIGNED]
      const sessions = people.sessions[operation]
      if (sessions !== undefined) return sessions
      if (SESSION_ALONE.has(operation)) return people.sessions[''] ?? []
      if (operation === 'organizations.delete') return [ended.apiKey]
      return operation === 'apiKeys.revokeSelf' ? revokedBySelf : [...Array<string>(19).fill(apiKey), reader]
    },
    weight: (operation) => (operation === WATCHED ? 0 : SELDOM.has(operation) ? 1 : 4),
  }
}

/** What only a run that has not ended can be asked for: these wait for a worker, and none comes. */
async function waitingRuns(client: Client, source: string): Promise<Record<string, readonly Json[]>> {
  const start = async (name: string): Promise<string> =>
    (await client.call(addRepository, { source, name })).data.run.id
  const [paused, cancelled] = [await start('waiting/1'), await start('waiting/2')]
  const input = [{ repository: 'app' }, { repository: 'library' }, { repository: 'none' }]
  const schedule = { name: 'nightly', pipeline: 'git/code/index', input: input[0] ?? {}, cron: '0 4 * * *' }
  const { id } = (await client.call(createSchedule, schedule)).data
  const spare = Array.from({ length: 6 }, (_, n) => `spare ${n}`)
  for (const name of spare) await client.call(createSchedule, { ...schedule, name })
  return {
    'runs.pause run': [paused],
    'runs.resume run': [paused],
    'runs.cancel run': [cancelled],
    'runs.cancelMany pipeline': ['no/such/pipeline'],
    'runs.cancelMany subject': ['repo_0'],
    'runs.retry parts': ['all'],
    'schedules.delete schedule': spare,
    input,
    schedule: [id, 'nightly'],
    cron: ['0 4 * * *', '*/5 * * * 1-5', '@daily', '61 * * * *'],
    timeZone: ['UTC', 'Europe/Zurich', 'Nowhere/None'],
  }
}

/** Addresses of repositories, and of what is none; none outside this machine. */
function makeSources(): { readable: string[]; all: string[] } {
  const at = (name: string): string => join(folder.path, 'repositories', name)
  const readable = ['app', 'library'].map((name) => {
    const files = Array.from({ length: 40 }, (_, n) => [`src/${n}.ts`, `const lighthouse${n} = 'Straße ${name}'\n`])
    const path = makeRepository(at(name), Object.fromEntries(files) as Record<string, string>)
    git(path, 'tag', 'v1')
    return path
  })
  makeRepository(at('empty'), { 'a.txt': 'a' })
  git(at('empty'), 'update-ref', '-d', 'HEAD')
  const others = [at('empty'), at('none'), at('../data'), '/etc', 'file:///etc', 'ext::sh -c id', 'git@a.b:c/d']
  const remote = ['http://nowhere.invalid/x', 'https://u:p@nowhere.invalid/x', 'https://127.0.0.1/x', 'owner/name']
  return { readable, all: [...readable, ...readable, ...readable, ...others, ...remote] }
}

async function index(
  client: Client,
  sources: readonly string[],
): Promise<{ repositories: readonly string[]; runs: readonly string[] }> {
  const added = await Promise.all(sources.map(async (source) => (await client.call(addRepository, { source })).data))
  const runs = added.map(({ run }) => run.id)
  await waitFor(async () => {
    const found = await Promise.all(runs.map((run) => client.call(getRun, { run })))
    return found.every(({ data }) => isEnded(data.status))
  }, 60_000)
  return { repositories: added.flatMap(({ repository }) => [repository.id, repository.name]), runs }
}

/** Of the second page of every list. */
async function cursors(client: Client, run: string): Promise<Record<string, readonly string[]>> {
  const pages = {
    'repositories.list': client.call(listRepositories, { limit: 1 }),
    'projects.list': client.call(listProjects, { limit: 1 }),
    'runs.list': client.call(listRuns, { limit: 1 }),
    'runs.logs': client.call(listRunLogs, { run, limit: 1 }),
    'apiKeys.list': client.call(listApiKeys, { limit: 1 }),
    'audit.list': client.call(listAudit, { limit: 1 }),
    'search.code': client.call(searchCode, { q: 'lighthouse', limit: 1 }),
  }
  const found = Object.entries(pages).map(async ([operation, page]) => {
    const cursor = (await page).meta?.pagination.nextCursor ?? null
    return [`${operation} cursor`, cursor === null ? [] : [cursor]] as const
  })
  return Object.fromEntries(await Promise.all(found))
}

describe('requests made from the OpenAPI document', () => {
  it(`are answered as it says, without an error of the server: ${REQUESTS} of seed ${SEED}`, async () => {
    const judge = answerJudge(document, orgs)
    const stages = new Map<string, number>()
    const hear = (...[request, answer]: Sent): void => {
      const key = `${request.kind} ${judge.stageOf(request, answer)}`
      stages.set(key, (stages.get(key) ?? 0) + 1)
    }
    const counted = (stage: Stage, kinds: readonly RequestKind[] = REQUEST_KINDS): number =>
      kinds.reduce((sum, kind) => sum + (stages.get(`${kind} ${stage}`) ?? 0), 0)
    const make = createRequestMaker(document, known, SEED)
    const began = performance.now()
    await send(make, WARM_UP, hear)
    const warm = await residentMb(server)
    await send(make, REQUESTS - WARM_UP, hear)
    const end = await residentMb(server)
    const seconds = (performance.now() - began) / 1000
    console.log(tableOf(counted))
    console.log(
      `${REQUESTS} requests of seed ${SEED} in ${seconds.toFixed(0)} s; ` +
        `memory of the server from ${warm.now} to ${end.now} MB without garbage, ${end.most} MB at most`,
    )

    expect(judge.problems).toEqual([])
    expect(await isReady(server.url)).toBe(true)
    // What it has logged last is written at its end.
    expect(await server.stop()).toBe(0)
    expect(server.output().match(/^.*"level":"(?:error|fatal)".*$/gm) ?? []).toEqual([])
    // Whether a run can be tried again depends on what else works on the same thing at that moment.
    expect(judge.succeeded().filter((operation) => operation !== 'runs.retry')).toEqual(
      describedOperations(document)
        .map(({ operationId }) => operationId)
        .filter((operation) => operation !== WATCHED && operation !== 'runs.retry')
        .toSorted(),
    )
    expect(counted('verb') / REQUESTS).toBeGreaterThan(0.25)
    expect((counted('parser') + counted('verb')) / REQUESTS).toBeGreaterThan(0.6)
    expect(end.now - warm.now).toBeLessThan(GROWTH_MB)
  }, 900_000)
})

type Sent = Parameters<ReturnType<typeof answerJudge>['stageOf']>

async function send(
  make: ReturnType<typeof createRequestMaker>,
  requests: number,
  hear: (...sent: Sent) => void,
): Promise<void> {
  const { host, port } = new URL(server.url)
  let made = 0
  const work = async (): Promise<void> => {
    const connection = rawConnection(Number(port))
    while (made < requests) {
      const n = made++
      const request = make(REQUEST_KINDS[n % REQUEST_KINDS.length] ?? 'valid')
      // Calls that belong to no organisation are counted by address: one of them comes to its limit, the others do not.
      const address = n % 10 === 0 ? '10.0.0.1' : `10.1.${n % 16}.${n % 251}`
      const added: Header[] = [
        ['Host', host],
        ['X-Forwarded-For', address],
      ]
      const whole = signed(request)
      hear(request, await connection.ask(bytesOf(whole, added), request.method, request.wire?.hangsUp ?? 'never'))
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, work))
}

/** As Stripe signs the body, whatever has become of it. */
function signed(request: MadeRequest): MadeRequest {
  const headers = request.headers.map(([name, value]): Header => [
    name,
    value === TO_BE_SIGNED ? signatureOf(request.body ?? '', stripe.settings) : value,
  ])
  return { ...request, headers }
}

/** Without garbage, of which there is now more and now less. Nothing where the operating system does not tell. */
async function residentMb({ pid, output }: Program): Promise<{ now: number; most: number }> {
  if (process.platform !== 'linux') return { now: 0, most: 0 }
  const inspector = new WebSocket(/ws:\S+/.exec(output())?.[0] ?? '')
  await once(inspector, 'open')
  inspector.send(JSON.stringify({ id: 1, method: 'HeapProfiler.collectGarbage' }))
  await once(inspector, 'message')
  inspector.close()
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (name: string): number => Math.round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024)
  return { now: mb('VmRSS'), most: mb('VmHWM') }
}

/** How far the requests of each kind came, as shares of all. */
function tableOf(counted: (stage: Stage, kinds?: readonly RequestKind[]) => number): string {
  const row = (name: string, cells: readonly string[]): string =>
    name.padEnd(14) + cells.map((cell) => cell.padStart(11)).join('')
  const shares = (kinds?: readonly RequestKind[]): string[] =>
    STAGES.map((stage) => `${((100 * counted(stage, kinds)) / REQUESTS).toFixed(1)} %`)
  return [row('', STAGES), ...REQUEST_KINDS.map((kind) => row(kind, shares([kind]))), row('all', shares())].join('\n')
}
