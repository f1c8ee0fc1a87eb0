import type { Gauge, Registry } from 'prom-client'
import { createClusterReader, type ClusterCounts, type ClusterReaderOptions } from './cluster-reader.ts'

/** What this process counts. No label has a value of a tenant's, and each has few: those of the code and of its tables. */
export interface Metrics {
  requestEnded(request: { method: string; route: string; status: number; seconds: number }): void
  operationEnded(call: { operation: string; outcome: string; seconds: number }): void
  stepEnded(step: { pipeline: string; step: string; outcome: string; seconds: number }): void
  jobEnded(job: { job: string; outcome: string; seconds: number }): void
  /** In the text format of Prometheus. Never fails for the database's sake. */
  page(): Promise<{ readonly contentType: string; readonly text: string }>
}

export interface MetricsOptions {
  readonly version: string
  /** What this process does. */
  readonly role: 'all' | 'api' | 'worker'
  /** A run may be of a pipeline that this release does not know. */
  readonly pipelines: ReadonlySet<string>
  readonly connections: () => readonly { pool: string; busy: number; idle: number; waiting: number }[]
  readonly cluster: ClusterReaderOptions
}

const REQUEST_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const STEP_SECONDS = [0.01, 0.05, 0.25, 1, 5, 15, 60, 300, 1800]
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Loads the library when it is called: the command line needs none of it. */
export async function createMetrics(options: MetricsOptions): Promise<Metrics> {
  const { Registry, Gauge, collectDefaultMetrics } = await import('prom-client')
  const own = new Registry()
  const cluster = new Registry()
  collectDefaultMetrics({ register: own })
  const info = { help: 'Which release this process is, and what it does', labelNames: ['version', 'role'] }
  new Gauge({ name: 'tenon_info', ...info, registers: [own] }).set({ version: options.version, role: options.role }, 1)
  const count = await countersOf(own)
  await watchConnections(own, options.connections)
  const databaseUp = new Gauge({
    name: 'tenon_database_up',
    help: 'Whether the database answers this process in time',
    registers: [own],
  })
  const showCluster = await clusterGauges(cluster)
  const readCluster = createClusterReader(options.cluster)
  return {
    requestEnded: ({ method, route, status, seconds }) => {
      const labels = { method: METHODS.has(method) ? method : 'other', route }
      count.request(labels, { status: String(status) }, seconds)
    },
    operationEnded: ({ operation, outcome, seconds }) => count.operation({ operation }, { outcome }, seconds),
    stepEnded: ({ pipeline, step, outcome, seconds }) => {
      const labels = { pipeline: options.pipelines.has(pipeline) ? pipeline : 'other', step }
      count.step(labels, { outcome }, seconds)
    },
    jobEnded: ({ job, outcome, seconds }) => count.job({ job }, { outcome }, seconds),
    page: async () => {
      const counts = await readCluster()
      databaseUp.set(counts === null ? 0 : 1)
      if (counts !== null) showCluster(counts)
      const pages = [own, ...(counts === null ? [] : [cluster])].map((registry) => registry.metrics())
      return { contentType: own.contentType, text: (await Promise.all(pages)).join('\n') }
    },
  }
}

type Count = (labels: Record<string, string>, outcome: Record<string, string>, seconds: number) => void

/** Counts what has ended by all its labels; how long it took, by those that say what it was. */
async function countersOf(registry: Registry): Promise<Record<'request' | 'operation' | 'step' | 'job', Count>> {
  const { Counter, Histogram } = await import('prom-client')
  const pair = (
    names: { readonly total: string; readonly seconds: string; readonly of: string },
    [labels, outcome]: readonly [labels: string[], outcome: string],
    buckets: number[],
  ): Count => {
    const registers = [registry]
    const help = `${names.of} that have ended`
    const total = new Counter({ name: names.total, help, labelNames: [...labels, outcome], registers })
    const took = `How long ${names.of.toLowerCase()} took`
    const seconds = new Histogram({ name: names.seconds, help: took, labelNames: labels, buckets, registers })
    return (what, how, duration) => {
      total.inc({ ...what, ...how })
      seconds.observe(what, duration)
    }
  }
  return {
    request: pair(
      { total: 'tenon_http_requests_total', seconds: 'tenon_http_request_duration_seconds', of: 'HTTP requests' },
      [['method', 'route'], 'status'],
      REQUEST_SECONDS,
    ),
    operation: pair(
      { total: 'tenon_operations_total', seconds: 'tenon_operation_duration_seconds', of: 'Calls of operations' },
      [['operation'], 'outcome'],
      REQUEST_SECONDS,
    ),
    step: pair(
      { total: 'tenon_run_steps_total', seconds: 'tenon_run_step_duration_seconds', of: 'Attempts at steps of runs' },
      [['pipeline', 'step'], 'outcome'],
      STEP_SECONDS,
    ),
    job: pair(
      { total: 'tenon_jobs_total', seconds: 'tenon_job_duration_seconds', of: 'Attempts at jobs of the queue' },
      [['job'], 'outcome'],
      STEP_SECONDS,
    ),
  }
}

async function watchConnections(registry: Registry, connections: MetricsOptions['connections']): Promise<void> {
  const { Gauge: Watched } = await import('prom-client')
  const watched = new Watched({
    name: 'tenon_database_connections',
    help: 'Connections of this process to the database, and queries that wait for one',
    labelNames: ['pool', 'state'],
    registers: [],
    collect(this: Gauge) {
      for (const { pool, ...states } of connections())
        for (const [state, value] of Object.entries(states)) this.set({ pool, state }, value)
    },
  })
  registry.registerMetric(watched)
}

/** The same at every process, so that one asks for their `max`, never for their sum. */
async function clusterGauges(registry: Registry): Promise<(counts: ClusterCounts) => void> {
  const { Gauge: Shown } = await import('prom-client')
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Shown({
      name: `tenon_cluster_${name}`,
      help: `${help}, in the whole installation`,
      labelNames,
      registers: [registry],
    })
  const chunks = gauge('chunks', 'Parts of runs that can be claimed, are under way, or wait for something else', [
    'state',
  ])
  const oldest = gauge('oldest_ready_chunk_age_seconds', 'How long the oldest part that can be claimed has waited')
  const runs = gauge('runs', 'Runs that have not ended', ['state'])
  const jobs = gauge('queue_jobs', 'Jobs of the queue that are not done', ['state'])
  const workers = gauge('workers', 'Workers that have said within 15 seconds that they are alive')
  const byState = (shown: Gauge, values: Readonly<Record<string, number>>): void => {
    for (const [state, value] of Object.entries(values)) shown.set({ state }, value)
  }
  return (counts) => {
    byState(chunks, counts.chunks)
    byState(runs, counts.runs)
    byState(jobs, counts.jobs)
    oldest.set(counts.oldestReadySeconds)
    workers.set(counts.workers)
  }
}
