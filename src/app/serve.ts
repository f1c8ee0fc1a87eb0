import { EXIT } from '../contract/errors.ts'
import { VERSION } from '../contract/health.ts'
import { startTracing } from '../platform/telemetry/tracing.ts'
import { required, type Config } from './config.ts'
import { readMasterKey } from './master-key.ts'
import { migrateDatabase, startNode } from './node.ts'
import { openLog } from './open-log.ts'
import { GRACE_MS, untilStopped } from './until-stopped.ts'

/** `tenon serve` and `tenon worker`: one part each, explicit secrets, no demo. Any number share one database. */
export async function serve(config: Config, part: 'api' | 'worker', say: (line: string) => void): Promise<number> {
  const settings = required({
    DATABASE_URL: config.databaseUrl,
    TENON_ROOT_KEY: config.rootKey,
    TENON_QUEUE_KEY: config.queueKey,
    TENON_AUTH_SECRET: config.authSecrets?.[0],
  })
  const masterKey = readMasterKey(config)
  const { log, close } = await openLog({ config, role: part })
  try {
    await migrateDatabase(config.migrationDatabaseUrl ?? settings.DATABASE_URL)
    const stopTracing = await startTracing(config.traces, {
      role: part,
      version: VERSION,
      warn: (reason) => log.warn({ reason }, 'traces could not be sent'),
    })
    const node = await startNode({
      config,
      log,
      databaseUrl: settings.DATABASE_URL,
      rootKey: settings.TENON_ROOT_KEY,
      queueKey: settings.TENON_QUEUE_KEY,
      authSecrets: [settings.TENON_AUTH_SECRET, ...(config.authSecrets?.slice(1) ?? [])],
      masterKey,
      localRepos: config.localRepos,
      stripe: config.stripe,
      api: part === 'api',
      worker: part === 'worker',
    })
    const watched = node.probes === null ? '' : `, health and metrics on ${node.probes}`
    say(part === 'api' ? `Tenon API on ${node.url ?? ''}` : `Tenon worker${watched}`)
    await untilStopped(async () => {
      await node.stop({ drainMs: config.drainMs, graceMs: GRACE_MS })
      await stopTracing()
    })
    return EXIT.done
  } finally {
    await close()
  }
}
