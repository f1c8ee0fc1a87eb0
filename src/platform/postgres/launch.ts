import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Binaries } from './binaries.ts'
import type { Place } from './place.ts'
import { readPidFile } from './pid-file.ts'
import { CLUSTER_NAME, isPostmaster, sendSignal } from './processes.ts'
import { spawnAs, type RunAs } from './run-as.ts'
import { openLog, readLogFrom } from './server-log.ts'

/** A server that runs on the cluster, whoever started it. */
export interface RunningServer {
  readonly pid: number
  readonly port: number
  /** Resolves when it has ended. */
  readonly exited: Promise<void>
}

export type LaunchOutcome =
  | { readonly kind: 'ready'; readonly server: RunningServer }
  | { readonly kind: 'ended'; readonly output: string; readonly cause: unknown }

export interface Launch {
  readonly place: Place
  readonly binaries: Pick<Binaries, 'postgres' | 'env'>
  readonly runAs: RunAs
  readonly port: number
  /** Settings of postgresql.conf besides our own. */
  readonly settings: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
}

/** How long a start may take; a recovery after a crash reads up to a gigabyte of log. */
const START_TIMEOUT_MS = 180_000
const POLL_MS = 5

/** Starts the server in a process group of its own, and waits until it takes connections or has ended. */
export async function launch({ place, binaries, runAs, port, settings, signal }: Launch): Promise<LaunchOutcome> {
  const log = await openLog(place.log, runAs)
  try {
    const { size: position } = await log.stat()
    const child = spawnAs(
      runAs,
      binaries.postgres,
      ['-D', place.cluster, '-p', String(port), ...asArguments(settings)],
      {
        env: binaries.env,
        cwd: place.folder,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
      },
    )
    const ended = whenEnded(child)
    const cause = await waitUntilReady({ child, ended: ended.promise, cluster: place.cluster, signal })
    if (cause === null && child.pid !== undefined) {
      child.unref()
      return { kind: 'ready', server: { pid: child.pid, port, exited: ended.promise.then(() => {}) } }
    }
    return { kind: 'ended', output: await readLogFrom(place.log, position), cause }
  } finally {
    await log.close()
  }
}

/** A server that another process started; nobody tells when it ends, so it is looked at twice a second. */
export function watchServer(pid: number, port: number, cluster: string): RunningServer {
  const exited = (async () => {
    while (await isPostmaster(pid, cluster)) await sleep(500, undefined, { ref: false })
  })()
  return { pid, port, exited }
}

const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  cluster_name: CLUSTER_NAME,
  max_connections: '200',
  shared_buffers: '128MB',
  effective_cache_size: '512MB',
  maintenance_work_mem: '64MB',
  max_wal_size: '1GB',
  random_page_cost: '1.1',
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_line_prefix: '%m [%p] ',
  // Statements and the values in error details are the tenants' data; they have no place in a log file.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
  log_checkpoints: 'off',
}

function asArguments(settings: Readonly<Record<string, string>>): string[] {
  return Object.entries({ ...SETTINGS, ...settings }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

interface Ended {
  readonly promise: Promise<unknown>
}

function whenEnded(child: ChildProcess): Ended {
  const promise = once(child, 'exit').then(
    ([code, signal]: unknown[]) => new Error(`the server ended (${String(code ?? signal)})`),
    (error: unknown) => error,
  )
  return { promise }
}

interface Waiting {
  readonly child: ChildProcess
  readonly ended: Promise<unknown>
  readonly cluster: string
  readonly signal?: AbortSignal | undefined
}

/** Null when the server is ready, else why it isn't; it has ended then. */
async function waitUntilReady({ child, ended, cluster, signal }: Waiting): Promise<unknown> {
  const deadline = performance.now() + START_TIMEOUT_MS
  for (;;) {
    const cause = await Promise.race([ended, sleep(POLL_MS, null)])
    if (cause !== null) return cause
    const file = await readPidFile(cluster)
    if (file && file.pid === child.pid && file.status === 'ready') return null
    if (signal?.aborted || performance.now() > deadline) {
      if (child.pid !== undefined) sendSignal(child.pid, 'SIGQUIT')
      await ended
      return signal?.aborted ? signal.reason : new Error('the server was not ready in time')
    }
  }
}
