import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { TenonError } from '../kernel/tenon-error.ts'
import { ENVIRONMENT } from './environment.ts'

/** The folder of the checkout or of the installed package. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url))

export type Config = ReturnType<typeof readConfig>

/** Reads the environment once. @throws TenonError `config_invalid` with the variables that are wrong, never their values. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = ENVIRONMENT.safeParse(given)
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => ({ path: path.join('.'), message }))
    throw new TenonError('config_invalid', { details: { issues } })
  }
  const e = parsed.data
  const dataDir = resolve(e.TENON_DATA_DIR ?? join(PACKAGE_ROOT, '.tenon'))
  return Object.freeze({
    port: e.TENON_PORT,
    host: e.TENON_HOST,
    publicUrl: e.TENON_PUBLIC_URL ?? `http://${e.TENON_HOST}:${e.TENON_PORT}`,
    dataDir,
    databaseUrl: e.DATABASE_URL,
    migrationDatabaseUrl: e.TENON_MIGRATION_DATABASE_URL,
    rootKey: e.TENON_ROOT_KEY,
    queueKey: e.TENON_QUEUE_KEY,
    masterKeyFile: e.TENON_MASTER_KEY_FILE,
    demo: e.TENON_DEMO === '1',
    git: {
      baseUrl: e.TENON_GIT_BASE_URL,
      allowHosts: e.TENON_GIT_ALLOW_HOSTS,
      caFile: e.TENON_GIT_CA_FILE,
      path: e.PATH,
    },
    localRepos: e.TENON_LOCAL_REPOS,
    maxMirrorBytes: e.TENON_MIRROR_CACHE_MB * 2 ** 20,
    index: { maxDiskBytes: e.TENON_INDEX_CACHE_MB * 2 ** 20, maxMemoryBytes: e.TENON_INDEX_MEMORY_MB * 2 ** 20 },
    runRetentionDays: e.TENON_RUN_RETENTION_DAYS,
    trustedProxies: e.TENON_TRUSTED_PROXIES,
    drainMs: e.TENON_DRAIN_SECONDS * 1000,
    failpoints: e.TENON_FAILPOINTS,
    logLevel: e.LOG_LEVEL,
    client: { url: e.TENON_URL, apiKey: e.TENON_API_KEY, org: e.TENON_ORG },
    noColor: e.NO_COLOR !== undefined,
  })
}

/** Settings that a process has to be given: named together, so that they can be mended together. */
export function required<T extends Record<string, string | undefined>>(settings: T): { [K in keyof T]: string } {
  const issues = Object.entries(settings).flatMap(([path, value]) =>
    value === undefined ? [{ path, message: 'It has to be set' }] : [],
  )
  if (issues.length > 0) throw new TenonError('config_invalid', { details: { issues } })
  return settings as { [K in keyof T]: string }
}
