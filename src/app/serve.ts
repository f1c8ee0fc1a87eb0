import { EXIT } from '../contract/errors.ts'
import { createLogger } from '../platform/telemetry/logger.ts'
import { required, type Config } from './config.ts'
import { readMasterKey } from './master-key.ts'
import { migrateDatabase, startNode } from './node.ts'
import { GRACE_MS, untilStopped } from './until-stopped.ts'

/** `tenon serve` and `tenon worker`: one part each, explicit secrets, no demo. Any number share one database. */
export async function serve(config: Config, part: 'api' | 'worker', say: (line: string) => void): Promise<number> {
  const settings = required({
    DATABASE_URL: config.databaseUrl,
    TENON_ROOT_KEY: config.rootKey,
    TENON_QUEUE_KEY: config.queueKey,
  })
  const masterKey = readMasterKey(config)
  const log = createLogger({ level: config.logLevel ?? 'info' })
  await migrateDatabase(config.migrationDatabaseUrl ?? settings.DATABASE_URL)
  const node = await startNode({
    config,
    log,
    databaseUrl: settings.DATABASE_URL,
    rootKey: settings.TENON_ROOT_KEY,
    queueKey: settings.TENON_QUEUE_KEY,
    masterKey,
    localRepos: config.localRepos,
    api: part === 'api',
    worker: part === 'worker',
  })
  say(part === 'api' ? `Tenon API on ${node.url ?? ''}` : 'Tenon worker')
  await untilStopped(() => node.stop({ drainMs: config.drainMs, graceMs: GRACE_MS }))
  return EXIT.done
}
