import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { makeRepository } from '../support/git-repository.ts'
import { startOtlpCollector, treeOf, type CollectedSpan, type OtlpCollector } from '../support/otlp-collector.ts'
import { bearer, httpClient, programsOn, type Programs } from '../support/serve.ts'
import { onboard, ROOT_KEY, tenonCli } from '../support/tenon.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const CONTENT = 'a sentence that only stands in a file of the repository'
const GIVEN = { trace: '4bf92f3577b34da6a3ce929d0e0e4736', span: '00f067aa0ba902b7' }
const LIST = fileURLToPath(new URL('../support/list-opentelemetry.ts', import.meta.url))
const folder = temporaryFolder('trace')
const repository = join(folder.path, 'private-place')
let database: TestDatabase
let collector: OtlpCollector
let programs: Programs
let apiKey = ''
let answer: { code: number | null; stdout: string; stderr: string }
/** Of the trace of `tenon repos add --wait`. */
let spans: readonly CollectedSpan[] = []
let log = ''
let root: CollectedSpan | undefined

beforeAll(async () => {
  makeRepository(repository, { 'a.ts': `export const a = '${CONTENT}'\n`, 'b.md': CONTENT })
  database = await createTestDatabase()
  collector = await startOtlpCollector()
  programs = programsOn(database.url)
  const otel = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const env = { ...otel, LOG_LEVEL: 'info', TENON_DATA_DIR: join(folder.path, 'data'), TENON_LOCAL_REPOS: folder.path }
  const [api, worker] = await Promise.all([programs.serve(env), programs.worker(env)])
  apiKey = (await onboard(api.url, 'traced')).apiKey
  const own = { TENON_URL: api.url, TENON_API_KEY: apiKey, TENON_DATA_DIR: join(folder.path, 'nothing') }
  answer = await tenonCli(['repos', 'add', repository, '--wait', '--json'], { ...otel, ...own })
  await askWithParents(api.url)
  // The last of its spans are sent when a process stops.
  await Promise.all([api.stop(), worker.stop()])
  log = api.output()
  root = collector.spans.find(({ resource }) => resource['tenon.role'] === 'cli')
  spans = collector.spans.filter(({ traceId }) => traceId === root?.traceId)
}, 120_000)
afterAll(async () => {
  await programs.end()
  await collector.close()
  await database.close()
  folder.remove()
})

/** One call in a trace of the caller's, and two whose caller says nothing that can be read. */
async function askWithParents(url: string): Promise<void> {
  const client = httpClient(url)
  for (const traceparent of [
    `00-${GIVEN.trace}-${GIVEN.span}-01`,
    `00-${GIVEN.trace.toUpperCase()}-${GIVEN.span}-01`,
    `00-${'0'.repeat(32)}-${GIVEN.span}-01`,
  ])
    await client.ask('/v1/me', { headers: { ...bearer(apiKey), traceparent } })
  client.close()
}

function named(name: string): CollectedSpan[] {
  return spans.filter((span) => span.name === name)
}

describe('one command with everything that follows from it', () => {
  it('is one trace, in which every span has its place below the command', () => {
    expect(answer).toMatchObject({ code: 0 })
    expect(root).toMatchObject({ name: 'tenon repos add', parentSpanId: '', error: null })
    // What stands at the left has no parent here.
    expect(treeOf(spans).match(/^\S.*/gm)).toHaveLength(1)
    expect(treeOf(spans).split('\n')).toHaveLength(spans.length)
    const expected = [
      'POST /v1/repositories/{org}',
      'repositories.add',
      'code.insertRepository',
      'plan git/code/index',
      'work git/code/index',
      'finish git/code/index',
      'git ls-remote',
      'git fetch',
      'git cat-file',
      'code.publish',
      'GET /v1/runs/{org}/{run}/events',
    ]
    expect([...new Set(spans.map(({ name }) => name))]).toEqual(expect.arrayContaining(expected))
  })

  it('shows who called, which run worked, and in which process', () => {
    const [request] = named('POST /v1/repositories/{org}')
    expect(request).toMatchObject({ kind: 2, resource: { 'service.name': 'tenon', 'tenon.role': 'api' } })
    expect(request?.attributes).toMatchObject({
      'http.request.method': 'POST',
      'http.route': '/v1/repositories/{org}',
      'url.path': '/v1/repositories/{org}',
      'url.scheme': 'http',
    })
    const [operation] = named('repositories.add')
    expect(operation?.parentSpanId).toBe(request?.spanId)
    expect(operation?.attributes).toMatchObject({
      'tenon.org_id': expect.stringMatching(/^org_/) as string,
      'tenon.actor_id': expect.stringMatching(/^key_/) as string,
    })
    for (const step of ['plan', 'work', 'finish']) {
      const [span] = named(`${step} git/code/index`)
      expect(span).toMatchObject({ kind: 5, parentSpanId: operation?.spanId, resource: { 'tenon.role': 'worker' } })
      expect(span?.attributes).toMatchObject({
        'tenon.run_id': expect.stringMatching(/^run_/) as string,
        'tenon.step': step,
        'tenon.request_id': operation?.attributes['tenon.request_id'],
      })
    }
    const [fetched] = named('git fetch')
    expect(named('plan git/code/index').map(({ spanId }) => spanId)).toContain(fetched?.parentSpanId)
  })

  it('is named by the log line of the call', () => {
    const [operation] = named('repositories.add')
    const lines = log.split('\n').filter((line) => line.includes('"operation":"repositories.add"'))
    expect(lines.map((line) => JSON.parse(line) as object)).toMatchObject([
      { trace_id: root?.traceId, span_id: operation?.spanId },
    ])
  })

  it('says nothing of keys, addresses, places and contents', () => {
    const text = collector.text()
    expect(text.length).toBeGreaterThan(10_000)
    for (const secret of [apiKey, ROOT_KEY, CONTENT, 'private-place', 'a.ts']) expect(text).not.toContain(secret)
  })
})

describe('a request', () => {
  it('goes on with the trace of its caller, and begins one of its own when it can not be read', () => {
    const asked = collector.spans.filter(({ name, traceId }) => name === 'GET /v1/me' && traceId !== root?.traceId)
    expect(asked.map(({ traceId }) => traceId === GIVEN.trace)).toEqual([true, false, false])
    expect(asked.map(({ parentSpanId }) => parentSpanId)).toEqual([GIVEN.span, '', ''])
  })

  it('of a probe makes no span', () => {
    expect(collector.spans.filter(({ name }) => name.includes('readyz'))).toEqual([])
  })
})

describe('a process that is not asked for traces', () => {
  const NODE_OPTIONS = `--import=${LIST}`
  const listed = (text: string): string[] => text.slice(text.indexOf('all is listed')).trim().split('\n').slice(1)

  it('loads nothing that makes them', async () => {
    const [api, worker] = await Promise.all([programs.serve({ NODE_OPTIONS }), programs.worker({ NODE_OPTIONS })])
    const cli = await tenonCli(['me'], { NODE_OPTIONS, TENON_URL: api.url, TENON_API_KEY: apiKey })
    expect(cli).toMatchObject({ code: 0 })
    await Promise.all([api.stop(), worker.stop()])
    for (const text of [cli.stderr, api.output(), worker.output()]) {
      expect(text).toContain('all is listed')
      // The API alone, which does nothing by itself, is also loaded by the library of metrics.
      expect(listed(text).filter((name) => name !== '@opentelemetry/api')).toEqual([])
    }
    expect(listed(cli.stderr)).toEqual([])
  }, 60_000)

  it('is not one that is: the list would show it', async () => {
    const { stderr } = await tenonCli(['--version'], { NODE_OPTIONS, OTEL_TRACES_EXPORTER: 'console' })
    expect(listed(stderr)).toEqual(expect.arrayContaining(['@opentelemetry/api', '@opentelemetry/sdk-trace']))
  })
})
