import { join } from 'node:path'
import type { Operation } from '../../src/contract/operation.ts'
import { PARTS, fieldsOf, type CallInputOf, type DataOf, type Envelope } from '../../src/contract/operation.ts'
import { onboardOrganization } from '../../src/contract/identity.ts'
import type { ErrorEnvelope } from '../../src/contract/errors.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { closingSteps } from '../../src/app/closing-steps.ts'
import { composeCaller } from '../../src/app/compose-caller.ts'
import { composeDomains, type DomainOptions, type Domains } from '../../src/app/compose-domains.ts'
import type { Clock, Log } from '../../src/kernel/ctx.ts'
import type { Caller, Outcome } from '../../src/kernel/run-operation.ts'
import type { StripeSettings } from '../../src/domains/billing/index.ts'
import type { OAuthOptions } from '../../src/domains/identity/index.ts'
import type { IssuerSettings } from '../../src/domains/issuers/index.ts'
import {
  codeIntelligence,
  createIndexReader,
  prepareGit,
  type CodeIntelligence,
} from '../../src/pipelines/code/index.ts'
import {
  createEngine,
  createWakeUp,
  createWorker,
  type Engine,
  type Pipeline,
  type Worker,
  type WorkerOptions,
} from '../../src/pipelines/engine/index.ts'
import { createDiskBlobs } from '../../src/platform/blobs/index.ts'
import type { Database } from '../../src/platform/db/index.ts'
import { outboxTransport } from '../../src/platform/mail/index.ts'
import { createQueue, type Queue } from '../../src/platform/queue/index.ts'
import { createTestDatabase, silentLog, type TestDatabase } from './database.ts'
import { temporaryFolder } from './temporary-folder.ts'

export const ROOT_KEY = 'root-key-of-a-test'
export const AUTH_SECRETS = ['auth-secret-of-a-test-0123456789abcdef'] as const

export interface TestOrg {
  readonly apiKey: string
  readonly slug: string
  /** Answers the data; throws the error envelope. */
  call<Op extends Operation>(operation: Op, input: CallInputOf<Op>): Promise<DataOf<Op>>
  envelope<Op extends Operation>(operation: Op, input: CallInputOf<Op>): Promise<Envelope<DataOf<Op>>>
  error<Op extends Operation>(operation: Op, input: CallInputOf<Op>): Promise<ErrorEnvelope['error']>
}

export interface NodeOptions {
  localRepos?: readonly string[]
  allowHosts?: readonly string[]
  caFile?: string
  /** null for a node without one. */
  masterKey?: string | null
  /** PATH of git; that of this process by default. */
  path?: string
  log?: Log
  clock?: Clock
  authSecrets?: readonly [string, ...string[]]
  oauth?: OAuthOptions
  issuers?: IssuerSettings
  stripe?: StripeSettings
  index?: { maxDiskBytes?: number; maxMemoryBytes?: number }
  pipelines?: readonly Pipeline[]
  worker?: Partial<WorkerOptions>
}

/** One node of Tenon without its HTTP surface: real database, verbs, worker and queue. */
export interface TestNode {
  readonly database: TestDatabase
  readonly domains: Domains
  readonly caller: Caller
  readonly worker: Worker
  readonly engine: Engine
  readonly queue: Queue
  readonly code: CodeIntelligence
  readonly dir: string
  onboard(slug: string): Promise<TestOrg>
  close(): Promise<void>
}

export async function startTestNode(options: NodeOptions = {}): Promise<TestNode> {
  const database = await createTestDatabase()
  const folder = temporaryFolder('node')
  const { db, url } = database
  const log = options.log ?? silentLog
  const queue = createQueue({ url, signingKey: 'signing key of a test', log })
  const wakeUp = createWakeUp()
  const code = codeOf(folder.path, options, { db, queue })
  const parts = { db, clock: options.clock ?? systemClock, log }
  const domains = domainsOf(folder.path, options, { ...parts, queue, code })
  const { identity, verifySignature, refused } = domains
  const pipelines = [...code.pipelines, ...(options.pipelines ?? [])]
  const engine = createEngine({ ...parts, pipelines, retentionDays: 90 })
  const verbs = [...domains.verbs, ...engine.verbs, ...code.verbs]
  const caller = composeCaller({ ...parts, identity, verbs, verifySignature, refused })
  await identity.start()
  const worker = createWorker({ db, pipelines, log, wakeUp, ...options.worker })
  worker.start()
  await queue.start([...domains.jobs, ...code.jobs])
  const endWork = domains.startWork()
  return {
    database,
    domains,
    caller,
    worker,
    engine,
    queue,
    code,
    dir: folder.path,
    onboard: (slug) => onboardOn(caller, slug),
    close: async () => {
      await worker.stop(0)
      await endWork()
      await queue.stop()
      await identity.stop()
      await domains.flush()
      await code.close()
      await database.close()
      folder.remove()
    },
  }
}

async function onboardOn(caller: Caller, slug: string): Promise<TestOrg> {
  const outcome = await callOn(caller, { rootKey: ROOT_KEY }, onboardOrganization, {
    slug,
    name: slug,
    plan: 'team',
  })
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.envelope))
  const { apiKey } = outcome.envelope.data as DataOf<typeof onboardOrganization>
  return testOrg(caller, slug, apiKey.secret)
}

function domainsOf(
  path: string,
  options: NodeOptions,
  { code, ...parts }: Pick<DomainOptions, 'db' | 'queue' | 'clock' | 'log'> & { code: CodeIntelligence },
): Domains {
  return composeDomains({
    ...parts,
    rootKey: ROOT_KEY,
    publicUrl: 'http://127.0.0.1',
    oauth: options.oauth,
    issuers: options.issuers,
    accounts: {
      secrets: options.authSecrets ?? AUTH_SECRETS,
      transport: outboxTransport({
        dir: join(path, 'outbox'),
        from: 'Tenon <tenon@localhost>',
        host: 'localhost',
      }),
    },
    closing: closingSteps(parts.db, code),
    stripe: options.stripe,
  })
}

function codeOf(path: string, options: NodeOptions, { db, queue }: { db: Database; queue: Queue }): CodeIntelligence {
  const git = prepareGit({
    dir: join(path, 'git'),
    path: options.path ?? process.env['PATH'] ?? '',
    allowHosts: options.allowHosts ?? [],
    caFile: options.caFile,
  })
  const blobs = createDiskBlobs(join(path, 'blobs'))
  return codeIntelligence(
    {
      git,
      log: silentLog,
      tenant: db.tenant,
      masterKey: options.masterKey === undefined ? 'master key of a test' : (options.masterKey ?? undefined),
      rules: { gitBaseUrl: 'https://github.com', localRepos: options.localRepos ?? [] },
      blobs,
      reader: createIndexReader({
        blobs,
        dir: join(path, 'index'),
        maxDiskBytes: 2 ** 30,
        maxMemoryBytes: 2 ** 28,
        ...options.index,
      }),
      mirrors: join(path, 'mirrors'),
      maxMirrorBytes: 2 ** 30,
      scratch: join(path, 'scratch'),
    },
    { queue },
  )
}

export function testOrg(caller: Caller, slug: string, apiKey: string): TestOrg {
  const run = (operation: Operation, input: object) =>
    callOn(caller, { apiKey }, operation, { ...('org' in operation.params.shape ? { org: slug } : {}), ...input })
  const envelope = async (operation: Operation, input: object) => {
    const outcome = await run(operation, input)
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.envelope))
    return outcome.envelope
  }
  return {
    apiKey,
    slug,
    envelope: envelope as TestOrg['envelope'],
    call: (async (operation: Operation, input: object) => (await envelope(operation, input)).data) as TestOrg['call'],
    error: async (operation, input) => {
      const outcome = await run(operation, input)
      if (outcome.ok) throw new Error('it was expected to fail')
      return outcome.envelope.error
    },
  }
}

function callOn(
  caller: Caller,
  credentials: { apiKey?: string; rootKey?: string },
  operation: Operation,
  input: object,
): Promise<Outcome> {
  const fields = fieldsOf(operation)
  const entries = Object.entries(input)
  const parts = PARTS.map(
    (part) => [part, Object.fromEntries(entries.filter(([name]) => (fields.get(name) ?? 'query') === part))] as const,
  )
  return caller.call(operation, {
    credentials,
    input: Object.fromEntries(parts) as { params: object; query: object; body: object } as never,
    requestId: 'request-of-a-test',
    address: '192.0.2.1',
    signal: new AbortController().signal,
  })
}
