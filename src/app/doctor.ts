import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { ERRORS, EXIT, isErrorCode, type ErrorCode } from '../contract/errors.ts'
import { API_VERSION, health } from '../contract/health.ts'
import { checkGit, prepareGit } from '../pipelines/code/index.ts'
import { httpFetch } from '../platform/http/fetch.ts'
import type { Config } from './config.ts'

interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly found: string
  /** What to do; null when all is well. */
  readonly advice: string | null
}

const MIN_FREE_BYTES = 500_000_000

/** `tenon doctor`: looks at everything that Tenon needs and says what to do. Exits with 1 when something is wrong. */
export async function doctor(
  config: Config,
  { json, say }: { json: boolean; say: (line: string) => void },
): Promise<number> {
  const server = await serverFinding(config)
  const findings = [
    nodeFinding(),
    await gitFinding(config),
    folderFinding(config),
    await databaseFinding(config),
    await portFinding(config, server.ok),
    server,
  ]
  const ok = findings.every(({ ok: fine }) => fine)
  if (json) say(JSON.stringify({ data: { ok, findings } }))
  for (const { check, ok: fine, found, advice } of json ? [] : findings) {
    say(`${fine ? '✓' : '✗'} ${check.padEnd(12)} ${found}`)
    if (advice !== null) say(`  → ${advice}`)
  }
  return ok ? EXIT.done : EXIT.failed
}

function finding(check: string, ok: boolean, found: string, advice: string): Finding {
  return { check, ok, found, advice: ok ? null : advice }
}

function nodeFinding(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  return finding(
    'Node',
    major >= 26,
    process.versions.node,
    'Run `npm start`, which installs Node 26 into this folder.',
  )
}

async function gitFinding(config: Config): Promise<Finding> {
  try {
    const git = prepareGit({ dir: join(config.dataDir, 'git'), ...config.git })
    return finding('git', true, await checkGit(git), '')
  } catch (thrown) {
    const code = codeOf(thrown)
    return finding(
      'git',
      false,
      code === 'git_missing' ? 'missing or too old' : 'could not be run',
      ERRORS[code].recovery,
    )
  }
}

function folderFinding({ dataDir }: Config): Finding {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    accessSync(dataDir, constants.W_OK | constants.X_OK)
    const { bavail, bsize } = statfsSync(existsSync(dataDir) ? dataDir : dirname(dataDir))
    const free = bavail * bsize
    return finding(
      'data folder',
      free >= MIN_FREE_BYTES,
      `${dataDir}, ${(free / 1e9).toFixed(1)} GB free`,
      ERRORS.disk_full.recovery,
    )
  } catch {
    return finding('data folder', false, `${dataDir} can not be written`, ERRORS.data_dir_unwritable.recovery)
  }
}

async function databaseFinding({ databaseUrl }: Config): Promise<Finding> {
  if (databaseUrl === undefined) return finding('database', true, 'embedded PostgreSQL', '')
  const client = new pg.Client({ connectionString: databaseUrl, connectionTimeoutMillis: 5_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ version: string }>("select current_setting('server_version') as version")
    const version = rows[0]?.version ?? '0'
    return finding(
      'database',
      Number.parseInt(version, 10) >= 15,
      `PostgreSQL ${version}`,
      'Tenon needs PostgreSQL 15 or later.',
    )
  } catch {
    return finding('database', false, 'DATABASE_URL does not answer', ERRORS.database_unreachable.recovery)
  } finally {
    await client.end().catch(() => {})
  }
}

/** The port is free, or Tenon itself is on it. */
async function portFinding({ host, port }: Config, isTenon: boolean): Promise<Finding> {
  if (isTenon) return finding('port', true, `${port}, used by Tenon`, '')
  const free = await new Promise<boolean>((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)))
  })
  return finding('port', free, `${port} is ${free ? 'free' : 'used by another program'}`, ERRORS.port_in_use.recovery)
}

async function serverFinding({ host, port, client }: Config): Promise<Finding> {
  const url = client.url ?? `http://${host}:${port}`
  try {
    const response = await httpFetch(`${url}/readyz`, { signal: AbortSignal.timeout(5_000) })
    const { status, version, api_version: api } = health.parse(await response.json())
    const fits = api === API_VERSION && status === 'ok'
    return finding(
      'server',
      fits,
      `${url}: ${status}, version ${version}, API ${api}`,
      'Look into its log, or bring command line and server to the same release.',
    )
  } catch {
    return finding('server', false, `${url} does not answer`, ERRORS.server_unreachable.recovery)
  }
}

function codeOf(thrown: unknown): ErrorCode {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined
  return isErrorCode(code) ? code : 'internal'
}
