/** The whole product as a bench has it: `tenon start` in a process of its own, one organisation, and runs that index. */
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createClient, type Client } from '../src/contract/client.ts'
import { onboardOrganization } from '../src/contract/identity.ts'
import type { OrgId } from '../src/contract/ids.ts'
import { setLimits } from '../src/contract/limits.ts'
import { getRun, isEnded } from '../src/contract/runs.ts'
import { startServer, type Server } from './api/server.ts'
import { ROOT_KEY } from './api/setting.ts'
import { memoryPeak } from './search/memory-peak.ts'

const TENON = fileURLToPath(new URL('../bin/tenon.js', import.meta.url))
const PLENTY = 100_000_000
const INDEX_MS = 240_000
const POLL_MS = 20

/** It may index what stands in the folder's `repositories`. */
export function startNode(
  folder: string,
  databaseUrl: string,
  { signal, nodeArgs = [] }: { signal: AbortSignal; nodeArgs?: readonly string[] },
): Promise<Server> {
  return startServer({
    name: 'tenon',
    folder,
    signal,
    args: [...nodeArgs, TENON, 'start'],
    env: (port) => ({
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'info',
      TENON_DATA_DIR: join(folder, 'tenon'),
      TENON_DEMO: '0',
      TENON_LOCAL_REPOS: join(folder, 'repositories'),
      TENON_PORT: String(port),
      TENON_AUTH_SECRET: `${ROOT_KEY}-of-people-0123456789abcdef`,
      TENON_QUEUE_KEY: ROOT_KEY,
      TENON_ROOT_KEY: ROOT_KEY,
    }),
  })
}

/** An organisation `bench` without a limit that the load could meet. */
export async function onboard(url: string): Promise<{ client: Client; apiKey: string; org: OrgId }> {
  const operator = createClient({ url, rootKey: ROOT_KEY, fetch })
  const { data } = await operator.call(onboardOrganization, { slug: 'bench', name: 'Bench', plan: 'team' })
  const org = data.org.id
  await operator.call(setLimits, { org, callsPerHour: PLENTY, callsPerDay: PLENTY })
  const apiKey = data.apiKey.secret
  return { client: createClient({ url, apiKey, org: 'bench', fetch }), apiKey, org }
}

/** Seconds from the call until the run has succeeded. */
export async function indexed(
  client: Client,
  { pid, signal }: { readonly pid: number; readonly signal: AbortSignal },
  start: () => Promise<{ readonly run: { readonly id: string } }>,
): Promise<{ seconds: number; peakMB: number | null; run: string }> {
  const memory = memoryPeak([pid])
  try {
    const began = performance.now()
    const { run } = await start()
    for (;;) {
      const { data } = await client.call(getRun, { run: run.id })
      const ms = performance.now() - began
      if (data.status === 'succeeded') return { seconds: ms / 1000, peakMB: memory.peakMB(), run: run.id }
      if (isEnded(data.status)) throw new Error(`the run ${data.status}: ${JSON.stringify(data.error)}`)
      if (ms > INDEX_MS) throw new Error('the run does not end')
      await sleep(POLL_MS, undefined, { signal })
    }
  } finally {
    memory.stop()
  }
}

export function git(folder: string, ...args: string[]): string {
  const who = ['-c', 'user.name=bench', '-c', 'user.email=bench@example.org', '-c', 'commit.gpgsign=false']
  return execFileSync('git', [...who, ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
