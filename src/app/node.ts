import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { People } from '../domains/accounts/index.ts'
import type { Identity } from '../domains/identity/index.ts'
import type { Log } from '../kernel/ctx.ts'
import { every, type Repeated } from '../kernel/every.ts'
import { codeJobNames } from '../pipelines/code/index.ts'
import { createWakeUp, createWorker, type Worker } from '../pipelines/engine/index.ts'
import { migrate } from '../platform/db/index.ts'
import { mailJobNames } from '../platform/mail/index.ts'
import { installQueue } from '../platform/queue/index.ts'
import { listen, type Listening } from '../surfaces/rest/index.ts'
import { composeNode, type NodeOptions, type NodeParts } from './compose-node.ts'
import { PACKAGE_ROOT } from './config.ts'
import { armFailpoints } from './failpoints.ts'
import { startHousekeeping } from './housekeeping.ts'
import { countedJobs } from './node-metrics.ts'

/** A running process of Tenon. */
export interface TenonNode {
  /** Where the API listens; null for a worker. */
  readonly url: string | null
  /** Where a worker shows its health and metrics; null when it does not, and for an API, which shows them at `url`. */
  readonly probes: string | null
  /** For a first start: somebody whose address needs no mail. */
  readonly createUser: People['createVerifiedUser']
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
    after: (client) => installQueue(client, [...codeJobNames, ...mailJobNames]),
  })
}

/** Starts a node. @throws TenonError `git_missing`, `port_in_use`, `unavailable` */
export async function startNode(options: NodeOptions): Promise<TenonNode> {
  const { config, log } = options
  armFailpoints(config.failpoints, log)
  const ending = new AbortController()
  let stopping = false
  const parts = await composeNode(options, { serving: () => !stopping, ending: ending.signal })
  const running: Running = { ...parts, log, endWaits: () => ending.abort() }
  const stop = async (times: Ending): Promise<void> => {
    stopping = true
    await stopAll(running, times)
  }
  try {
    await begin(options, running)
  } catch (error) {
    // Nothing that has begun outlives a start that failed.
    await stop({ drainMs: 0, graceMs: 0 }).catch(() => {})
    throw error
  }
  const { listening, probing } = running
  const { createVerifiedUser: createUser } = parts.domains.accounts
  return { url: listening?.url ?? null, probes: probing?.url ?? null, createUser, stop }
}

async function begin({ config, log, api, worker }: NodeOptions, running: Running): Promise<void> {
  const { db, queue, code, domains, engine, metrics, app, probes } = running
  running.caches = every(
    SWEEP_MS,
    (_, signal) => code.sweepCaches(signal),
    (error) => log.warn({ err: error }, 'caches could not be swept'),
  )
  if (api) {
    running.identity = domains.identity
    await domains.identity.start()
    running.listening = await listen(app, { host: config.host, port: config.port })
    code.warmUp()
  }
  if (!api && config.workerPort !== undefined)
    running.probing = await listen(probes, { host: config.host, port: config.workerPort })
  if (worker) {
    const wakeUp = createWakeUp()
    running.worker = createWorker({ db, pipelines: code.pipelines, log, wakeUp, stepEnded: metrics.stepEnded })
    running.worker.start()
    running.housekeeping = startHousekeeping({ db, tasks: domains.tasks, engine, code, log })
    await queue.start(countedJobs([...domains.jobs, ...code.jobs], metrics))
    running.endWork = domains.startWork()
  }
}

const SWEEP_MS = 3_600_000

/** What a node has begun. */
interface Running extends NodeParts {
  readonly log: Log
  /** Whoever waits for a run is answered: it goes on, and would hold the end of this node up. */
  readonly endWaits: () => void
  /** Of this node alone, whatever it does. */
  caches?: Repeated
  identity?: Identity
  listening?: Listening
  probing?: Listening
  worker?: Worker
  housekeeping?: Repeated
  endWork?: () => Promise<void>
}

async function stopAll(running: Running, { drainMs, graceMs }: Ending): Promise<void> {
  const { log, queue, db, code, domains, endWaits, caches, listening, probing } = running
  listening?.drain()
  const stopWork = Promise.allSettled([
    running.worker?.stop(graceMs),
    running.housekeeping?.stop(),
    caches?.stop(),
    running.endWork?.(),
    queue.stop(),
  ])
  if (listening !== undefined) {
    await sleep(drainMs)
    endWaits()
    await listening.close(graceMs)
  }
  for (const part of await stopWork)
    if (part.status === 'rejected')
      log.error({ err: part.reason as unknown }, 'a part of the node could not be stopped')
  // Until nothing is done any more, it can be watched.
  await probing?.close(0)
  await running.identity?.stop()
  await domains.flush()
  await code.close()
  await db.close()
}
