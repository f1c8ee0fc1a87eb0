import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createIdentity, type Identity } from '../domains/identity/index.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/ctx.ts'
import { every, type Repeated } from '../kernel/every.ts'
import { newId } from '../kernel/ids.ts'
import {
  checkGit,
  codeIntelligence,
  codeJobNames,
  createIndexReader,
  prepareGit,
  type CodeDeps,
  type CodeIntelligence,
} from '../pipelines/code/index.ts'
import { createEngine, createWakeUp, createWorker, type Worker } from '../pipelines/engine/index.ts'
import { createDiskBlobs } from '../platform/blobs/index.ts'
import { migrate, openDatabase, type Database } from '../platform/db/index.ts'
import { createQueue, installQueue, type Queue } from '../platform/queue/index.ts'
import { createMcp } from '../surfaces/mcp/index.ts'
import { createProbeApp, createRestApp, listen, type Listening } from '../surfaces/rest/index.ts'
import { composeCaller } from './compose-caller.ts'
import { PACKAGE_ROOT, type Config } from './config.ts'
import { armFailpoints } from './failpoints.ts'
import { startHousekeeping } from './housekeeping.ts'
import { countedJobs, nodeMetrics } from './node-metrics.ts'

export interface NodeOptions {
  readonly config: Config
  readonly log: Log
  readonly databaseUrl: string
  readonly rootKey: string
  readonly queueKey: string
  /** What tokens are sealed with; undefined takes no tokens. */
  readonly masterKey: string | undefined
  readonly localRepos: readonly string[]
  /** What this process does; one does both by default. */
  readonly api: boolean
  readonly worker: boolean
}

/** A running process of Tenon. */
export interface TenonNode {
  /** Where the API listens; null for a worker. */
  readonly url: string | null
  /** Where a worker shows its health and metrics; null when it does not, and for an API, which shows them at `url`. */
  readonly probes: string | null
  /** Not ready at once; ends what is under way within the grace, puts the rest back. */
  stop(ending: Ending): Promise<void>
}

export interface Ending {
  /** How long an API that is not ready any more still serves, so that load balancers can notice. */
  readonly drainMs: number
  /** How long what is under way has to end after that. */
  readonly graceMs: number
}

/** Brings a database to the version of this release; whoever starts first does it. */
export function migrateDatabase(url: string): Promise<string[]> {
  return migrate({
    url,
    dir: join(PACKAGE_ROOT, 'db/migrations'),
    after: (client) => installQueue(client, codeJobNames),
  })
}

/** Composes a node. @throws TenonError `git_missing`, `port_in_use`, `unavailable` */
export async function startNode(options: NodeOptions): Promise<TenonNode> {
  const { config, log, databaseUrl } = options
  armFailpoints(config.failpoints, log)
  const git = prepareGit({ dir: join(config.dataDir, 'git'), ...config.git })
  await checkGit(git)
  const db = openDatabase({ url: databaseUrl, log })
  const queue = createQueue({ url: databaseUrl, signingKey: options.queueKey, log })
  const wakeUp = createWakeUp()
  const code = codeIntelligence(codeDepsOf(options, git, db), { queue })
  const clock = systemClock
  const identity = createIdentity({ db, rootKey: options.rootKey, clock, log, oauth: config.oauth })
  const engine = createEngine({ db, pipelines: code.pipelines, clock, log, retentionDays: config.runRetentionDays })
  const metrics = await nodeMetrics({ role: roleOf(options), db, pipelines: code.pipelines, log })
  const verbs = [...engine.verbs, ...code.verbs]
  const ending = new AbortController()
  const callEnded = metrics.operationEnded
  const caller = composeCaller({ db, identity, clock, log, verbs, ending: ending.signal, callEnded })
  let stopping = false
  const checks = checksOf(db, () => !stopping)
  const mcp = createMcp({
    caller,
    log,
    publicUrl: config.publicUrl,
    hosts: [config.host, 'localhost', '127.0.0.1', '[::1]', new URL(config.publicUrl).hostname],
  })
  const { publicUrl, trustedProxies, metricsToken } = config
  const shown = { checks, log, metrics, metricsToken }
  const app = createRestApp({ ...shown, caller, publicUrl, issuer: config.oauth?.issuer, trustedProxies, mcp })
  const running: Running = { log, queue, db, code, endWaits: () => ending.abort() }
  const stop = async (times: Ending): Promise<void> => {
    stopping = true
    await stopAll(running, times)
  }
  try {
    running.caches = every(
      SWEEP_MS,
      (_, signal) => code.sweepCaches(signal),
      (error) => log.warn({ err: error }, 'caches could not be swept'),
    )
    if (options.api) {
      running.identity = identity
      await identity.start()
      running.listening = await listen(app, { host: config.host, port: config.port })
      code.warmUp()
    }
    if (!options.api && config.workerPort !== undefined)
      running.probes = await listen(createProbeApp(shown), { host: config.host, port: config.workerPort })
    if (options.worker) {
      running.worker = createWorker({ db, pipelines: code.pipelines, log, wakeUp, stepEnded: metrics.stepEnded })
      running.worker.start()
      running.housekeeping = startHousekeeping({ db, identity, engine, code, log })
      await queue.start(countedJobs(code.jobs, metrics))
    }
  } catch (error) {
    // Nothing that has begun outlives a start that failed.
    await stop({ drainMs: 0, graceMs: 0 }).catch(() => {})
    throw error
  }
  return { url: running.listening?.url ?? null, probes: running.probes?.url ?? null, stop }
}

function roleOf({ api, worker }: NodeOptions): 'all' | 'api' | 'worker' {
  if (api && worker) return 'all'
  return api ? 'api' : 'worker'
}

function checksOf(db: Database, serving: () => boolean) {
  const database = (): Promise<boolean> =>
    db.ping().then(
      () => true,
      // Why it did not answer is said by what fails for it.
      () => false,
    )
  return { database, serving }
}

function codeDepsOf({ config, log, localRepos, masterKey }: NodeOptions, git: CodeDeps['git'], db: Database): CodeDeps {
  const blobs = createDiskBlobs(join(config.dataDir, 'blobs'))
  return {
    git,
    log,
    tenant: db.tenant,
    masterKey,
    rules: { gitBaseUrl: config.git.baseUrl, localRepos },
    blobs,
    reader: createIndexReader({ blobs, dir: join(config.dataDir, 'index'), ...config.index }),
    mirrors: join(config.dataDir, 'mirrors'),
    maxMirrorBytes: config.maxMirrorBytes,
    scratch: join(config.dataDir, 'scratch', newId('worker')),
  }
}

const SWEEP_MS = 3_600_000

/** What a node has begun. */
interface Running {
  readonly log: Log
  readonly queue: Queue
  readonly db: Database
  readonly code: CodeIntelligence
  /** Whoever waits for a run is answered: it goes on, and would hold the end of this node up. */
  readonly endWaits: () => void
  /** Of this node alone, whatever it does. */
  caches?: Repeated
  identity?: Identity
  listening?: Listening
  probes?: Listening
  worker?: Worker
  housekeeping?: Repeated
}

async function stopAll(
  { log, queue, db, code, endWaits, caches, identity, listening, probes, worker, housekeeping }: Running,
  { drainMs, graceMs }: Ending,
): Promise<void> {
  listening?.drain()
  const stopWork = Promise.allSettled([worker?.stop(graceMs), housekeeping?.stop(), caches?.stop(), queue.stop()])
  if (listening !== undefined) {
    await sleep(drainMs)
    endWaits()
    await listening.close(graceMs)
  }
  for (const part of await stopWork)
    if (part.status === 'rejected')
      log.error({ err: part.reason as unknown }, 'a part of the node could not be stopped')
  // Until nothing is done any more, it can be watched.
  await probes?.close(0)
  await identity?.stop()
  await code.close()
  await db.close()
}
