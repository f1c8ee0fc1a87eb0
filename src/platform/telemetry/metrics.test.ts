import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { createClusterReader, type ClusterCounts } from './cluster-reader.ts'
import { createMetrics, type Metrics } from './metrics.ts'

const COUNTS: ClusterCounts = {
  chunks: { ready: 3, active: 1, waiting: 2 },
  oldestReadySeconds: 4.5,
  runs: { queued: 1, planning: 0, running: 1, finishing: 0, paused: 0 },
  jobs: { created: 0, retry: 1, active: 0, failed: 0 },
  workers: 2,
}

function metricsOver(read: () => Promise<ClusterCounts>, waitMs = 100): Promise<Metrics> {
  return createMetrics({
    version: '1.2.3',
    role: 'api',
    pipelines: new Set(['git/code/index']),
    connections: () => [{ pool: 'app', busy: 2, idle: 3, waiting: 1 }],
    cluster: { read, failed: () => {}, freshMs: 0, waitMs },
  })
}

/** The lines that begin with a name, without help and type. */
async function linesOf(metrics: Metrics, name: string): Promise<string[]> {
  return (await metrics.page()).text.split('\n').filter((line) => line.startsWith(name))
}

describe('the page of metrics', () => {
  it('counts by labels and measures how long it took', async () => {
    const metrics = await metricsOver(async () => COUNTS)
    const request = { method: 'GET', route: '/v1/me', status: 200, seconds: 0.02 }
    metrics.requestEnded(request)
    metrics.requestEnded({ ...request, status: 404 })
    metrics.requestEnded({ ...request, method: 'BREW' })
    metrics.operationEnded({ operation: 'keys.whoami', outcome: 'ok', seconds: 0.01 })
    metrics.stepEnded({ pipeline: 'git/code/index', step: 'work', outcome: 'internal', seconds: 2 })
    metrics.stepEnded({ pipeline: 'of/another/release', step: 'work', outcome: 'ok', seconds: 2 })
    metrics.jobEnded({ job: 'code.purge', outcome: 'ok', seconds: 1 })
    expect(await linesOf(metrics, 'tenon_http_requests_total{')).toEqual([
      'tenon_http_requests_total{method="GET",route="/v1/me",status="200"} 1',
      'tenon_http_requests_total{method="GET",route="/v1/me",status="404"} 1',
      'tenon_http_requests_total{method="other",route="/v1/me",status="200"} 1',
    ])
    expect(await linesOf(metrics, 'tenon_http_request_duration_seconds_count')).toContain(
      'tenon_http_request_duration_seconds_count{method="GET",route="/v1/me"} 2',
    )
    expect(await linesOf(metrics, 'tenon_operations_total{')).toEqual([
      'tenon_operations_total{operation="keys.whoami",outcome="ok"} 1',
    ])
    expect(await linesOf(metrics, 'tenon_run_steps_total{')).toEqual([
      'tenon_run_steps_total{pipeline="git/code/index",step="work",outcome="internal"} 1',
      'tenon_run_steps_total{pipeline="other",step="work",outcome="ok"} 1',
    ])
    expect(await linesOf(metrics, 'tenon_jobs_total{')).toEqual(['tenon_jobs_total{job="code.purge",outcome="ok"} 1'])
  })

  it('shows the process, its connections, and the installation', async () => {
    const metrics = await metricsOver(async () => COUNTS)
    const { contentType, text } = await metrics.page()
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
    for (const line of [
      'tenon_info{version="1.2.3",role="api"} 1',
      'tenon_database_up 1',
      'tenon_database_connections{pool="app",state="waiting"} 1',
      'tenon_cluster_chunks{state="ready"} 3',
      'tenon_cluster_oldest_ready_chunk_age_seconds 4.5',
      'tenon_cluster_runs{state="queued"} 1',
      'tenon_cluster_queue_jobs{state="retry"} 1',
      'tenon_cluster_workers 2',
    ])
      expect(text).toContain(`\n${line}\n`)
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m)
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds [\d.]+/m)
  })

  it('is whole without the installation when the database fails or hangs, and has it again afterwards', async () => {
    let read: () => Promise<ClusterCounts> = async () => COUNTS
    const metrics = await metricsOver(() => read())
    expect(await linesOf(metrics, 'tenon_cluster_workers')).toHaveLength(1)
    let answer: (counts: ClusterCounts) => void = () => {}
    for (const away of [
      () => Promise.reject(new Error('away')),
      () => new Promise<ClusterCounts>((resolve) => (answer = resolve)),
    ]) {
      read = away
      const began = performance.now()
      const { text } = await metrics.page()
      expect(performance.now() - began).toBeLessThan(1_000)
      expect(text).toContain('\ntenon_database_up 0\n')
      expect(text).toContain('tenon_http_requests_total')
      expect(text).not.toContain('tenon_cluster_')
    }
    answer(COUNTS)
    read = async () => COUNTS
    await sleep(0)
    expect(await linesOf(metrics, 'tenon_database_up')).toEqual(['tenon_database_up 1'])
  })
})

it('the guide has every metric of Tenon, and no other', async () => {
  const guide = readFileSync(new URL('../../../docs/guide/telemetry.md', import.meta.url), 'utf8')
  const documented = [...guide.matchAll(/^\| `(tenon_\w+)` \|/gm)].map((match) => match[1])
  const { text } = await (await metricsOver(async () => COUNTS)).page()
  const shown = [...text.matchAll(/^# TYPE (tenon_\w+) /gm)].map((match) => match[1])
  expect(new Set(documented)).toEqual(new Set(shown))
})

describe('reading the installation', () => {
  it('asks once for all who ask at the same time, and again only when the answer is old', async () => {
    let reads = 0
    const read = createClusterReader({
      read: async () => ({ ...COUNTS, workers: ++reads }),
      failed: () => {},
      freshMs: 60,
    })
    const answers = await Promise.all(Array.from({ length: 5 }, read))
    expect(answers.map((counts) => counts?.workers)).toEqual([1, 1, 1, 1, 1])
    expect((await read())?.workers).toBe(1)
    await sleep(80)
    expect((await read())?.workers).toBe(2)
  })

  it('does not ask again while an answer is still to come', async () => {
    let reads = 0
    const read = createClusterReader({
      read: () => {
        reads += 1
        return new Promise(() => {})
      },
      failed: () => {},
      freshMs: 0,
      waitMs: 10,
    })
    expect([await read(), await read(), await read()]).toEqual([null, null, null])
    expect(reads).toBe(1)
  })

  it('tells of a failure, and keeps to the pause after it', async () => {
    const failures: unknown[] = []
    const read = createClusterReader({
      read: () => Promise.reject(new Error('away')),
      failed: (error) => void failures.push(error),
    })
    expect([await read(), await read()]).toEqual([null, null])
    expect(failures).toHaveLength(1)
  })
})
