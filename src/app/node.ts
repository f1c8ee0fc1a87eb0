import { join } from 'node:path'
import type { BoundVerb } from '../kernel/verb.ts'
import { OPERATIONS } from '../contract/index.ts'
import { createAuthenticator, identityVerbs } from '../domains/identity/index.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/ctx.ts'
import { createCaller } from '../kernel/run-operation.ts'
import { checkGit, codeIntelligence, codeJobNames, prepareGit } from '../pipelines/code/index.ts'
import { createWakeUp, createWorker, engineVerbs } from '../pipelines/engine/index.ts'
import { createDiskBlobs } from '../platform/blobs/index.ts'
import { migrate, openDatabase } from '../platform/db/index.ts'
import { createQueue, installQueue } from '../platform/queue/index.ts'
import { createMcp } from '../surfaces/mcp/index.ts'
import { createRestApp, listen } from '../surfaces/rest/index.ts'
import { PACKAGE_ROOT, type Config } from './config.ts'

export interface NodeOptions {
  readonly config: Config
  readonly log: Log
  readonly databaseUrl: string
  readonly rootKey: string
  readonly queueKey: string
  readonly localRepos: readonly string[]
  /** What this process does; one does both by default. */
  readonly api: boolean
  readonly worker: boolean
}

/** A running process of Tenon. */
export interface TenonNode {
  /** Where the API listens; null for a worker. */
  readonly url: string | null
  /** Not ready at once; ends what is under way within the grace, puts the rest back. */
  stop(graceMs: number): Promise<void>
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
  const git = prepareGit({ dir: join(config.dataDir, 'git'), ...config.git })
  await checkGit(git)
  const db = openDatabase({ url: databaseUrl, log })
  const queue = createQueue({ url: databaseUrl, signingKey: options.queueKey, log })
  const wakeUp = createWakeUp()
  const code = codeIntelligence(
    {
      git,
      rules: { gitBaseUrl: config.git.baseUrl, localRepos: options.localRepos },
      blobs: createDiskBlobs(join(config.dataDir, 'blobs')),
      mirrors: join(config.dataDir, 'mirrors'),
      scratch: join(config.dataDir, 'scratch', options.worker ? 'worker' : 'api'),
    },
    { queue, wakeUp },
  )
  const verbs = [...identityVerbs(db), ...engineVerbs, ...code.verbs]
  checkVerbs(verbs)
  let stopping = false
  const checks = async (): Promise<Record<string, boolean>> => ({
    database: await db.ping().then(
      () => true,
      () => false,
    ),
    serving: !stopping,
  })
  const caller = createCaller({
    verbs,
    authenticate: createAuthenticator(db, options.rootKey),
    tenant: db.tenant,
    log,
    clock: systemClock,
  })
  const mcp = createMcp({
    caller,
    hosts: [config.host, 'localhost', '127.0.0.1', '[::1]', new URL(config.publicUrl).hostname],
  })
  const app = createRestApp({ caller, log, checks, publicUrl: config.publicUrl, mcp })
  const listening = options.api ? await listen(app, { host: config.host, port: config.port }) : null
  const worker = options.worker ? createWorker({ db, pipelines: code.pipelines, log, wakeUp }) : null
  worker?.start()
  if (options.worker) await queue.start(code.jobs)
  return {
    url: listening?.url ?? null,
    stop: async (graceMs) => {
      stopping = true
      await Promise.all([listening?.close(graceMs), worker?.stop(graceMs)])
      await queue.stop()
      await db.close()
    },
  }
}

/** Every operation has a verb, and every verb an operation that the contract names. */
function checkVerbs(verbs: readonly BoundVerb[]): void {
  const bound = new Set(verbs.map(({ operation }) => operation))
  for (const operation of OPERATIONS) if (!bound.delete(operation)) throw new Error(`${operation.name} has no verb`)
  for (const { name } of bound) throw new Error(`${name} is not in the contract`)
}
