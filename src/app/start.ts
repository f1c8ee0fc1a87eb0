import { randomBytes } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../contract/errors.ts'
import { VERSION } from '../contract/health.ts'
import type { Log } from '../kernel/ctx.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { gitFoldersOf } from '../pipelines/code/index.ts'
import { lockDataDir, startEmbeddedPostgres } from '../platform/postgres/index.ts'
import { startTracing } from '../platform/telemetry/tracing.ts'
import { COMMAND, PACKAGE_ROOT, type Config } from './config.ts'
import { showDemo } from './demo.ts'
import { ensureMasterKey } from './master-key.ts'
import { migrateDatabase, startNode } from './node.ts'
import { openLog } from './open-log.ts'
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
    mkdirSync(join(config.dataDir, 'logs'), { recursive: true, mode: 0o700 })
    const logFile = join(config.dataDir, 'logs', 'tenon.log')
    const destination = createWriteStream(logFile, { flags: 'a', mode: 0o600 })
    // A full disk must not end the server for the sake of its log.
    destination.on('error', () => {})
    const { log, close } = await openLog({ config, role: 'all', file: destination, say })
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
    const node = await startNode({
      config,
      log,
      databaseUrl,
      ...secrets,
      localRepos: [...config.localRepos, ...checkout.flatMap((folder) => [folder, ...gitFoldersOf(folder)])],
      api: true,
      worker: true,
    })
    undo.unshift(() => node.stop({ drainMs: 0, graceMs: GRACE_MS }))
    const url = node.url ?? config.publicUrl
    say(`  API        ${url}   (read it at /docs)`)
    say(`  MCP        ${url}/mcp`)
    say(`  data, log  ${config.dataDir}, ${logFile}`)
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
        say,
      })
    await stopped
    return EXIT.done
  } catch (error) {
    await unwind(undo)
    throw error
  }
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

async function unwind(undo: (() => Promise<void> | void)[]): Promise<void> {
  for (const step of undo.splice(0)) await step()
}

/** From the environment, else from the data folder, where the first start made them. */
function secretsOf(config: Config): { rootKey: string; queueKey: string } {
  const file = join(config.dataDir, 'secrets.json')
  let kept = readPrivateFile(file, secretsFile)
  if (kept === null) {
    // Not made anew: waiting jobs are signed with the lost key, and the root key would change without a word.
    if (existsSync(file)) throw new TenonError('config_invalid', { details: { issues: [UNREADABLE_SECRETS] } })
    kept = {
      rootKey: `tn_root_${randomBytes(32).toString('base64url')}`,
      queueKey: randomBytes(32).toString('base64url'),
    }
    writePrivateFile(file, kept)
  }
  return { rootKey: config.rootKey ?? kept.rootKey, queueKey: config.queueKey ?? kept.queueKey }
}
