import { ApiError, createClient } from '../../contract/client.ts'
import { ERRORS } from '../../contract/errors.ts'
import { health, type Health } from '../../contract/health.ts'
import { getMe, type ApiKey } from '../../contract/identity.ts'
import {
  compareReleases,
  OWN_RELEASE,
  upgradesTo,
  type InstallationKind,
  type Release,
} from '../../contract/release.ts'
import { listRuns } from '../../contract/runs.ts'
import type { Access } from '../../surfaces/cli/index.ts'
import { codeOf, fail, ok, warn, type Finding } from './finding.ts'

const TIMEOUT_MS = 5_000
const SKEW_SECONDS = 5
const MOST_SKEW_SECONDS = 300
const EXPIRES_SOON_MS = 7 * 86_400_000

export interface ServerVisit {
  /** Something that answers as Tenon does. */
  readonly isTenon: boolean
  readonly findings: readonly Finding[]
}
export interface VisitOptions {
  readonly url: string
  readonly fetch: typeof globalThis.fetch
  readonly own?: Release
  readonly installation?: InstallationKind
  readonly now?: () => number
}

/** Whether a server answers there, of which release it is, and whether its clock agrees. */
export async function serverFindings(options: VisitOptions): Promise<ServerVisit> {
  const { url, own = OWN_RELEASE, installation = 'global', now = Date.now } = options
  let state: Health
  let date: string | null
  const asked = now()
  try {
    const response = await options.fetch(`${url}/readyz`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    date = response.headers.get('date')
    state = health.parse(await response.json())
  } catch {
    return { isTenon: false, findings: [fail('server', `${url} does not answer`, ERRORS.server_unreachable.recovery)] }
  }
  return {
    isTenon: true,
    findings: [
      stateFinding(url, state),
      versionFinding(state, own, installation),
      ...clockFinding(date, (asked + now()) / 2),
    ],
  }
}

function stateFinding(url: string, { status, checks }: Health): Finding {
  if (status === 'ok') return ok('server', `${url} is ready`)
  const failed = Object.entries(checks).flatMap(([name, result]) => (result === 'ok' ? [] : [name]))
  return fail(
    'server',
    `${url} is not ready: ${failed.join(', ')}`,
    'Look into its log; it is ready again by itself when these are.',
  )
}

function versionFinding({ version, api_version: api }: Health, own: Release, installation: InstallationKind): Finding {
  const server: Release = { version, api: Number(api) }
  const found = `server ${version} (API ${api}), command line ${own.version} (API ${own.api})`
  const order = compareReleases(own, server)
  if (order === 0) return ok('versions', found)
  const advice =
    order < 0
      ? `Upgrade the command line: ${upgradesTo(server)[installation]}`
      : `Upgrade the server to ${own.version}, as its docs/guide/install.md says.`
  return server.api === own.api ? warn('versions', found, advice) : fail('versions', found, advice)
}

/** The header has whole seconds. */
function clockFinding(date: string | null, local: number): Finding[] {
  const remote = Date.parse(date ?? '')
  if (Number.isNaN(remote)) return []
  const seconds = Math.round(Math.abs(local - remote - 500) / 1000)
  const found = `${seconds} s ${local < remote ? 'behind' : 'ahead of'} the server`
  const advice = 'Set the clocks of both by NTP: keys and tokens end by them.'
  if (seconds > MOST_SKEW_SECONDS) return [fail('clock', found, advice)]
  return [seconds > SKEW_SECONDS ? warn('clock', found, advice) : ok('clock', 'agrees with the server')]
}

/** Whose key it is, and whether anything waits for a worker. */
export async function accessFindings(
  access: () => Access,
  fetch: typeof globalThis.fetch,
  now: () => number = Date.now,
): Promise<Finding[]> {
  let given: Access
  try {
    given = access()
  } catch (thrown) {
    const code = codeOf(thrown)
    return [
      code === 'not_configured'
        ? warn('API key', 'none is set', ERRORS[code].recovery)
        : fail('API key', 'the address is wrong', ERRORS[code].recovery),
    ]
  }
  const client = createClient({ ...given, fetch, timeoutMs: TIMEOUT_MS })
  try {
    const {
      data: { org, plan, apiKey },
    } = await client.call(getMe, {})
    if (org === null) return [ok('API key', 'the session of a person who has named no organisation')]
    const whose = `of ${org.name} (${org.slug}), plan ${plan}`
    const { data: runs } = await client.call(listRuns, { org: given.org ?? org.id, limit: 50 })
    return [
      keyFinding(apiKey, whose, now()),
      workerFinding(runs.filter(({ waiting }) => waiting?.reason === 'no_worker').length),
    ]
  } catch (thrown) {
    const code = codeOf(thrown)
    if (thrown instanceof ApiError && code === 'forbidden') return [ok('API key', 'works, and may not see runs')]
    return [fail('API key', `${ERRORS[code].message} (${code})`, ERRORS[code].recovery)]
  }
}

/** Null stands for an access token, which has a life of its own. */
function keyFinding(key: ApiKey | null, whose: string, now: number): Finding {
  if (key === null) return ok('API key', `an access token ${whose}`)
  const found = `"${key.name}" ${whose}`
  if (key.expiresAt === null || Date.parse(key.expiresAt) - now >= EXPIRES_SOON_MS) return ok('API key', found)
  const advice = `Make another in its place: tenon api-keys rotate ${key.id}`
  return warn('API key', `${found}, ends at ${key.expiresAt}`, advice)
}

function workerFinding(waiting: number): Finding {
  return waiting === 0
    ? ok('worker', 'no run waits for one')
    : warn(
        'worker',
        `${waiting === 1 ? '1 run waits' : `${waiting} runs wait`}, and no worker is there`,
        'Start one: tenon worker (or tenon start, which has one).',
      )
}
