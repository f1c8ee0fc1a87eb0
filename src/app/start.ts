import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../contract/errors.ts'
import { VERSION } from '../contract/health.ts'
import type { Log } from '../kernel/ctx.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import type { StripeSettings } from '../domains/billing/index.ts'
import { gitFoldersOf } from '../pipelines/code/index.ts'
import { lockDataDir, startEmbeddedPostgres } from '../platform/postgres/index.ts'
import { startTracing } from '../platform/telemetry/tracing.ts'
import { COMMAND, PACKAGE_ROOT, type Config } from './config.ts'
import { showDemo } from './demo.ts'
import { ensureMasterKey } from './master-key.ts'
import type { NodeOptions } from './compose-node.ts'
import { migrateDatabase, startNode } from './node.ts'
import { openLog, type ProcessLog } from './open-log.ts'
import { startSandboxStripe } from './sandbox-stripe.ts'
import { readPrivateFile, secretsFile, writePrivateFile } from './private-file.ts'
import { GRACE_MS, untilStopped } from './until-stopped.ts'

const UNREADABLE_SECRETS = {
  path: 'secrets.json',
  message: 'It can not be read; restore it, or remove it to get new keys',
}

/** `tenon start`: everything in one process on one data folder, with what is missing made. */
export async function start(config: Config, say: (line: string) => void): Promise<number> {
  const began = performance.now()
  const lock = await lockDataDir(config.dataDir)
  const undo: (() => Promise<void> | void)[] = [() => lock.release()]
  try {
    const { log, close, file } = await openFileLog(config, say)
    undo.unshift(close)
    say('Tenon')
    const secrets = { ...secretsOf(config), masterKey: ensureMasterKey(config) }
    const databaseUrl = config.databaseUrl ?? (await startDatabase(config, { log, say, undo }))
    if (config.databaseUrl !== undefined) say('  database   DATABASE_URL')
    const applied = await migrateDatabase(config.migrationDatabaseUrl ?? databaseUrl)
    if (applied.length > 0) say(`  schema     ${applied.length} migrations applied`)
    const checkout = existsSync(join(PACKAGE_ROOT, '.git')) ? [PACKAGE_ROOT] : []
    const stopTracing = await startTracing(config.traces, {
      role: 'start',
      version: VERSION,
      warn: (reason) => log.warn({ reason }, 'traces could not be sent'),
    })
    undo.unshift(stopTracing)
    const stripe = config.stripe ?? (await startSandbox(config, { say, undo }))
    const node = await startNode({
      config,
      log,
      databaseUrl,
      ...secrets,
      localRepos: [...config.localRepos, ...checkout.flatMap((folder) => [folder, ...gitFoldersOf(folder)])],
      stripe,
      api: true,
      worker: true,
    })
    undo.unshift(() => node.stop({ drainMs: 0, graceMs: GRACE_MS }))
    const url = node.url ?? config.publicUrl
    say(`  API        ${url}   (read it at /docs)`)
    say(`  MCP        ${url}/mcp`)
    say(`  data, log  ${config.dataDir}, ${file}`)
    say(`  ready in ${((performance.now() - began) / 1000).toFixed(1)} s`)
    const stopped = untilStopped(async () => {
      say('\nstopping …')
      await unwind(undo)
    })
    // A demo that fails says why; the server goes on.
    if (config.demo)
      await showDemo({
        dataDir: config.dataDir,
        url,
        rootKey: secrets.rootKey,
        checkout: checkout[0] ?? null,
        command: COMMAND,
        createUser: node.createUser,
        say,
      })
    await stopped
    return EXIT.done
  } catch (error) {
    await unwind(undo)
    throw error
  }
}

async function openFileLog(
  config: Config,
  say: (line: string) => void,
): Promise<ProcessLog & { readonly file: string }> {
  mkdirSync(join(config.dataDir, 'logs'), { recursive: true, mode: 0o700 })
  const file = join(config.dataDir, 'logs', 'tenon.log')
  const destination = createWriteStream(file, { flags: 'a', mode: 0o600 })
  // A full disk must not end the server for the sake of its log.
  destination.on('error', () => {})
  return { file, ...(await openLog({ config, role: 'all', file: destination, say })) }
}

/** The embedded PostgreSQL of the data folder; when it ends by itself, so does Tenon, to be started again. */
async function startDatabase(
  { dataDir }: Config,
  { log, say, undo }: { log: Log; say: (line: string) => void; undo: (() => Promise<void> | void)[] },
): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataDir, log: (message) => log.info({}, message) })
  let stopping = false
  undo.unshift(() => {
    stopping = true
    return postgres.stop()
  })
  void postgres.exited.then(() => {
    if (stopping) return
    say('  PostgreSQL has ended; start Tenon again')
    process.exit(EXIT.tryAgain)
  })
  say(`  database   embedded PostgreSQL, ${postgres.adopted ? 'taken over from before' : 'started'}`)
  return postgres.url
}

/** With a port that is in use it has another one: its state says where it is, not its address. */
async function startSandbox(
  { dataDir, port, sandboxPort }: Config,
  { say, undo }: { say: (line: string) => void; undo: (() => Promise<void> | void)[] },
): Promise<StripeSettings> {
  const { sandbox, settings } = await startSandboxStripe({
    dir: join(dataDir, 'sandbox'),
    port: sandboxPort,
    webhookUrl: `http://127.0.0.1:${port}/v1/stripe/webhook`,
  })
  undo.unshift(() => sandbox.close())
  say(`  Stripe     sandbox (no real money)   ${sandbox.url}/sandbox`)
  return settings
}

async function unwind(undo: (() => Promise<void> | void)[]): Promise<void> {
  for (const step of undo.splice(0)) await step()
}

/** From the environment, else from the data folder, where the first start that needed them made them. */
function secretsOf(config: Config): Pick<NodeOptions, 'rootKey' | 'queueKey' | 'authSecrets'> {
  const file = join(config.dataDir, 'secrets.json')
  const kept = readPrivateFile(file, secretsFile)
  // Not made anew: waiting jobs are signed with the lost key, and the root key would change without a word.
  if (kept === null && existsSync(file))
    throw new TenonError('config_invalid', { details: { issues: [UNREADABLE_SECRETS] } })
  const random = (): string => randomBytes(32).toString('base64url')
  const secrets = {
    rootKey: kept?.rootKey ?? `tn_root_${random()}`,
    queueKey: kept?.queueKey ?? random(),
    authSecret: kept?.authSecret ?? random(),
  }
  if (kept?.authSecret === undefined) writePrivateFile(file, secrets)
  const [first = secrets.authSecret, ...older] = config.authSecrets ?? []
  return {
    rootKey: config.rootKey ?? secrets.rootKey,
    queueKey: config.queueKey ?? secrets.queueKey,
    authSecrets: [first, ...older],
  }
}
