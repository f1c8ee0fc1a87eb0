import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { z } from 'zod'
import type { OAuthOptions } from '../domains/identity/index.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { ENVIRONMENT } from './environment.ts'
import { commandOf, defaultDataDir, kindOf, type Installation } from './installation.ts'
import { stripeSettingsOf } from './stripe-settings.ts'
import { traceSettingsOf } from './trace-environment.ts'

/** The folder of the checkout or of the installed package. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url))

const INSTALLATION: Installation = {
  root: resolve(PACKAGE_ROOT),
  // Only a package runs what was built of the sources.
  installed: import.meta.url.endsWith('.js'),
}

export const INSTALLATION_KIND = kindOf(INSTALLATION)

/** What texts put before the name of a command. */
export const COMMAND = commandOf(INSTALLATION)

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
  const home = { platform: process.platform, ...e }
  const dataDir = resolve(e.TENON_DATA_DIR ?? defaultDataDir(INSTALLATION, home))
  const publicUrl = e.TENON_PUBLIC_URL ?? `http://${e.TENON_HOST}:${e.TENON_PORT}`
  return Object.freeze({
    port: e.TENON_PORT,
    host: e.TENON_HOST,
    publicUrl,
    dataDir,
    databaseUrl: e.DATABASE_URL,
    migrationDatabaseUrl: e.TENON_MIGRATION_DATABASE_URL,
    rootKey: e.TENON_ROOT_KEY,
    queueKey: e.TENON_QUEUE_KEY,
    authSecrets: e.TENON_AUTH_SECRET,
    stripe: stripeSettingsOf({
      secretKey: e.TENON_STRIPE_SECRET_KEY,
      webhookSecrets: e.TENON_STRIPE_WEBHOOK_SECRET,
      prices: e.TENON_STRIPE_PRICES,
      baseUrl: e.TENON_STRIPE_BASE_URL,
    }),
    sandboxPort: e.TENON_SANDBOX_PORT,
    mail: { smtpUrl: e.TENON_SMTP_URL, from: e.TENON_MAIL_FROM },
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
    oauth: e.TENON_OAUTH_ISSUER === undefined ? undefined : oauthOf(e.TENON_OAUTH_ISSUER, publicUrl, e),
    issuersFile: e.TENON_ISSUERS_FILE,
    alertWebhook: alertWebhookOf(e),
    workerPort: e.TENON_WORKER_PORT,
    metricsToken: e.TENON_METRICS_TOKEN,
    sentry: e.SENTRY_DSN === undefined ? undefined : { dsn: e.SENTRY_DSN, environment: e.SENTRY_ENVIRONMENT },
    drainMs: e.TENON_DRAIN_SECONDS * 1000,
    failpoints: e.TENON_FAILPOINTS,
    logLevel: e.LOG_LEVEL,
    traces: traceSettingsOf(e),
    tracesEndpoint: e.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? e.OTEL_EXPORTER_OTLP_ENDPOINT,
    client: { url: e.TENON_URL, apiKey: e.TENON_API_KEY, org: e.TENON_ORG },
    terminal: { noColor: e.NO_COLOR !== undefined, forceColor: e.FORCE_COLOR, term: e.TERM },
  })
}

/** Nobody could believe a message that is not signed. */
function alertWebhookOf({
  TENON_ALERT_WEBHOOK_URL: address,
  TENON_ALERT_WEBHOOK_SECRET: key,
}: Pick<z.output<typeof ENVIRONMENT>, 'TENON_ALERT_WEBHOOK_URL' | 'TENON_ALERT_WEBHOOK_SECRET'>) {
  if (address === undefined) return undefined
  return { url: address, secret: required({ TENON_ALERT_WEBHOOK_SECRET: key }).TENON_ALERT_WEBHOOK_SECRET }
}

/** A client of REST asks for tokens for the public address, one of MCP for that of MCP; some write the first with a slash. */
function oauthOf(
  issuer: string,
  publicUrl: string,
  e: Pick<z.output<typeof ENVIRONMENT>, 'TENON_OAUTH_AUDIENCE' | 'TENON_OAUTH_ALGORITHMS' | 'TENON_OAUTH_ORG_CLAIM'>,
): OAuthOptions {
  const own = [publicUrl, `${publicUrl}/`, `${publicUrl}/mcp`]
  return {
    issuer,
    audiences: e.TENON_OAUTH_AUDIENCE.length > 0 ? e.TENON_OAUTH_AUDIENCE : own,
    algorithms: e.TENON_OAUTH_ALGORITHMS,
    orgClaim: e.TENON_OAUTH_ORG_CLAIM,
  }
}

/** Settings that a process has to be given: named together, so that they can be mended together. */
export function required<T extends Record<string, string | undefined>>(settings: T): { [K in keyof T]: string } {
  const issues = Object.entries(settings).flatMap(([path, value]) =>
    value === undefined ? [{ path, message: 'It has to be set' }] : [],
  )
  if (issues.length > 0) throw new TenonError('config_invalid', { details: { issues } })
  return settings as { [K in keyof T]: string }
}
