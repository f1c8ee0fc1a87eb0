import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { TenonError } from '../kernel/tenon-error.ts'
import { addressTest } from '../surfaces/rest/client-address.ts'
import { LEVELS } from '../platform/telemetry/logger.ts'
import { failpointList } from './failpoints.ts'

/** The folder of the checkout or of the installed package. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url))

const list = (separator: RegExp) =>
  z.string().transform((text) =>
    text
      .split(separator)
      .map((item) => item.trim())
      .filter((item) => item !== ''),
  )
const url = z.url({ protocol: /^https?$/ }).transform((text) => text.replace(/\/+$/, ''))
const secret = z.string().min(16, 'At least 16 characters')

function areAddresses(entries: readonly string[]): boolean {
  try {
    addressTest(entries)
    return true
  } catch {
    return false
  }
}

const environment = z.object({
  TENON_PORT: z.coerce.number().int().min(1).max(65_535).default(7420),
  TENON_HOST: z.string().min(1).default('127.0.0.1'),
  TENON_PUBLIC_URL: url.optional(),
  TENON_DATA_DIR: z.string().min(1).optional(),
  DATABASE_URL: z.url({ protocol: /^postgres(?:ql)?$/ }).optional(),
  TENON_MIGRATION_DATABASE_URL: z.url({ protocol: /^postgres(?:ql)?$/ }).optional(),
  TENON_ROOT_KEY: secret.optional(),
  TENON_QUEUE_KEY: secret.optional(),
  TENON_MASTER_KEY_FILE: z.string().min(1).optional(),
  TENON_DEMO: z.enum(['0', '1']).default('1'),
  TENON_GIT_BASE_URL: z.url({ protocol: /^https$/ }).default('https://github.com'),
  TENON_GIT_ALLOW_HOSTS: list(/[\s,]+/).default([]),
  TENON_GIT_CA_FILE: z.string().min(1).optional(),
  TENON_LOCAL_REPOS: list(/:/).default([]),
  TENON_MIRROR_CACHE_MB: z.coerce.number().int().min(64).max(10_000_000).default(20_480),
  TENON_INDEX_CACHE_MB: z.coerce.number().int().min(64).max(10_000_000).default(10_240),
  TENON_INDEX_MEMORY_MB: z.coerce.number().int().min(16).max(1_000_000).default(512),
  TENON_TRUSTED_PROXIES: list(/[\s,]+/)
    .default([])
    .refine(areAddresses, 'Addresses or CIDR ranges, such as 10.0.0.0/8'),
  TENON_RUN_RETENTION_DAYS: z.coerce.number().int().min(1).max(3_650).default(90),
  TENON_DRAIN_SECONDS: z.coerce.number().min(0).max(8).default(6),
  /** For tests only. */
  TENON_FAILPOINTS: failpointList.default([]),
  LOG_LEVEL: z.enum(LEVELS).optional(),
  TENON_URL: url.optional(),
  TENON_API_KEY: z.string().min(1).optional(),
  TENON_ORG: z.string().min(1).optional(),
  NO_COLOR: z.string().optional(),
  PATH: z.string().default('/usr/local/bin:/usr/bin:/bin'),
})

export type Config = ReturnType<typeof readConfig>

/** Reads the environment once. @throws TenonError `config_invalid` with the variables that are wrong, never their values. */
export function readConfig(env: NodeJS.ProcessEnv = process.env) {
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(given)
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
