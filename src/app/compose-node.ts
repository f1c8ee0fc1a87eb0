import { join } from 'node:path'
import type { Hono } from 'hono'
import type { StripeSettings } from '../domains/billing/index.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Log } from '../kernel/ctx.ts'
import { newId } from '../kernel/ids.ts'
import {
  checkGit,
  codeIntelligence,
  createIndexReader,
  prepareGit,
  type CodeDeps,
  type CodeIntelligence,
} from '../pipelines/code/index.ts'
import { createEngine, type Engine } from '../pipelines/engine/index.ts'
import { createDiskBlobs } from '../platform/blobs/index.ts'
import { openDatabase, type Database } from '../platform/db/index.ts'
import { createQueue, type Queue } from '../platform/queue/index.ts'
import type { Metrics } from '../platform/telemetry/metrics.ts'
import { createMcp } from '../surfaces/mcp/index.ts'
import { createProbeApp, createRestApp } from '../surfaces/rest/index.ts'
import { closingSteps } from './closing-steps.ts'
import { composeCaller } from './compose-caller.ts'
import { composeDomains, type Domains } from './compose-domains.ts'
import type { Config } from './config.ts'
import { readIssuers } from './issuer-settings.ts'
import { mailTransportOf } from './mail-transport.ts'
import { nodeMetrics } from './node-metrics.ts'

export interface NodeOptions {
  readonly config: Config
  readonly log: Log
  readonly databaseUrl: string
  readonly rootKey: string
  readonly queueKey: string
  /** Sign sessions of people: the first one is used, all are accepted. */
  readonly authSecrets: readonly [string, ...string[]]
  /** What tokens are sealed with; undefined takes no tokens. */
  readonly masterKey: string | undefined
  readonly localRepos: readonly string[]
  /** Nothing can be bought when left out. */
  readonly stripe?: StripeSettings | undefined
  /** What this process does; one does both by default. */
  readonly api: boolean
  readonly worker: boolean
}

/** What a node is made of; nothing of it has begun. */
export interface NodeParts {
  readonly db: Database
  readonly queue: Queue
  readonly code: CodeIntelligence
  readonly domains: Domains
  readonly engine: Engine
  readonly metrics: Metrics
  /** The API, and what a worker shows in its place. */
  readonly app: Hono
  readonly probes: Hono
}

export interface NodeSignals {
  /** Whether the node takes calls. */
  readonly serving: () => boolean
  /** Aborts when the node is about to end. */
  readonly ending: AbortSignal
}

/** @throws TenonError `git_missing`, `config_invalid` */
export async function composeNode(options: NodeOptions, { serving, ending }: NodeSignals): Promise<NodeParts> {
  const { config, log, databaseUrl } = options
  const issuers = { connections: readIssuers(config) }
  const git = prepareGit({ dir: join(config.dataDir, 'git'), ...config.git })
  await checkGit(git)
  const db = openDatabase({ url: databaseUrl, log })
  const queue = createQueue({ url: databaseUrl, signingKey: options.queueKey, log })
  const code = codeIntelligence(codeDepsOf(options, git, db), { queue })
  const clock = systemClock
  const { oauth, publicUrl, trustedProxies, metricsToken, alertWebhook } = config
  const domains = composeDomains({
    db,
    queue,
    clock,
    log,
    publicUrl,
    oauth,
    issuers,
    alertWebhook,
    rootKey: options.rootKey,
    accounts: { secrets: options.authSecrets, masterKey: options.masterKey, transport: mailTransportOf(config) },
    closing: closingSteps(db, code),
    stripe: options.stripe,
  })
  const engine = createEngine({ db, pipelines: code.pipelines, clock, log, retentionDays: config.runRetentionDays })
  const metrics = await nodeMetrics({ role: roleOf(options), db, pipelines: code.pipelines, log })
  const { identity, verifySignature, refused } = domains
  const verbs = [...domains.verbs, ...engine.verbs, ...code.verbs]
  const heard = { verifySignature, refused, ending, callEnded: metrics.operationEnded }
  const caller = composeCaller({ db, identity, clock, log, verbs, ...heard })
  const hosts = [config.host, 'localhost', '127.0.0.1', '[::1]', new URL(publicUrl).hostname]
  const mcp = createMcp({ caller, log, publicUrl, hosts })
  const shown = { checks: checksOf(db, serving), log, metrics, metricsToken }
  const app = createRestApp({ ...shown, caller, publicUrl, issuer: oauth?.issuer, trustedProxies, mcp })
  return { db, queue, code, domains, engine, metrics, app, probes: createProbeApp(shown) }
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
