import { API_VERSION, VERSION, type Health } from '../../contract/health.ts'

/** What has to work for the service to be ready, by name. */
export type Checks = Readonly<Record<string, () => boolean | Promise<boolean>>>

/** Probes give up after a few seconds: they learn of a check that hangs before that. */
const CHECK_MS = 2_000

/** That the process answers is all that liveness means: whatever it leans on may be down. */
export const ALIVE: Health = healthOf([])

/**
 * Asks every check at once; one that throws or does not answer in time has failed. Nobody is counted here, so probes
 * that come while the checks are being asked share the answer: a flood of them is one question.
 */
export function createReadiness(checks: Checks): () => Promise<Health> {
  let asked: Promise<Health> | null = null
  const ask = async (): Promise<Health> => {
    const results = Object.entries(checks).map(async ([name, check]) => [name, await passes(check)] as const)
    return healthOf(await Promise.all(results))
  }
  return () =>
    (asked ??= ask().finally(() => {
      asked = null
    }))
}

async function passes(check: Checks[string]): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, CHECK_MS, false)
  })
  try {
    return await Promise.race([check(), late])
  } catch {
    // Why it fails is for the log of what leans on it, not for a probe.
    return false
  } finally {
    clearTimeout(timer)
  }
}

function healthOf(results: readonly (readonly [string, boolean])[]): Health {
  return {
    status: results.every(([, passed]) => passed) ? 'ok' : 'unavailable',
    version: VERSION,
    api_version: API_VERSION,
    checks: Object.fromEntries(results.map(([name, passed]) => [name, passed ? 'ok' : 'failed'])),
  }
}
