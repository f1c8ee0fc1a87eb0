import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { TenonError } from '../../kernel/tenon-error.ts'
import { adoptServer } from './adopt.ts'
import { findBinaries, type Binaries } from './binaries.ts'
import { DATABASE, ensureDatabase, serverUrl } from './connect.ts'
import { replaceFile } from './data-dir-lock.ts'
import { fileFailure, serverFailure } from './failure.ts'
import { findFreePort } from './free-port.ts'
import { launch, type RunningServer } from './launch.ts'
import { makeCluster, removeLeftovers } from './make-cluster.ts'
import { pidFilePath, readPidFile } from './pid-file.ts'
import { hasCluster, lockPlace, openPlace, readPassword, type Place } from './place.ts'
import { findServerProcesses, isPostmaster, sendSignal, stopPostmaster } from './processes.ts'
import { chooseRunAs, handOverFiles, runAsHint, type RunAs } from './run-as.ts'

export interface StartOptions {
  /** Tenon's data folder; the server's files go to `postgres/` in it. */
  readonly dataDir: string
  /** Told what is done beyond the ordinary, without secrets. */
  readonly log?: (message: string) => void
  /** Gives the start up; a server that was already started is stopped. */
  readonly signal?: AbortSignal
  /** Settings of postgresql.conf over our own, such as `{fsync: 'off'}` for tests. */
  readonly settings?: Readonly<Record<string, string>>
  /** Where to look for `unshare` when this process is root; default: the usual three places. */
  readonly unsharePaths?: readonly string[]
}

export interface EmbeddedPostgres {
  /** Of the database `tenon`, as its superuser; holds the password. */
  readonly url: string
  readonly port: number
  readonly pid: number
  /** It was left running by an earlier Tenon, and goes on. */
  readonly adopted: boolean
  /** How long the start took, in milliseconds. */
  readonly startedMs: number
  /** Resolves when the server has ended, wanted or not. */
  readonly exited: Promise<void>
  /** Ends the server: clients are cut off, nothing is lost. Safe to call twice. */
  stop(): Promise<void>
}

/**
 * Starts the PostgreSQL that comes with Tenon on a data folder, or goes on with the one that an earlier Tenon left
 * running there. The server outlives this process unless it is stopped.
 *
 * @throws TenonError `disk_full`, `data_dir_unwritable`, or `postgres_unavailable` with `details.hint` and, when the
 * server said something, `details.log` (its last lines); the signal's reason when it was aborted.
 */
export async function startEmbeddedPostgres(options: StartOptions): Promise<EmbeddedPostgres> {
  const started = performance.now()
  const { dataDir, signal } = options
  try {
    const place = await openPlace(dataDir)
    const lock = await lockPlace(place, signal)
    try {
      const { server, adopted, password } = await startLocked(place, options)
      return {
        url: serverUrl(server.port, password, DATABASE),
        port: server.port,
        pid: server.pid,
        adopted,
        startedMs: Math.round(performance.now() - started),
        exited: server.exited,
        stop: () => stopPostmaster(server.pid, place.cluster),
      }
    } finally {
      lock.release()
    }
  } catch (error) {
    if (error instanceof TenonError || signal?.aborted) throw error
    throw fileFailure(error, dataDir)
  }
}

interface Started {
  readonly server: RunningServer
  readonly adopted: boolean
  readonly password: string
}

async function startLocked(place: Place, options: StartOptions): Promise<Started> {
  const { signal, log = () => {}, settings = {}, unsharePaths } = options
  await removeLeftovers(place)
  const password = await readPassword(place)
  const running = await adoptServer({ place, password, log, signal })
  const start: Start = running
    ? { server: running, adopted: true }
    : {
        server: await startAnew({ place, password, log, signal, settings, unsharePaths }),
        adopted: false,
      }
  try {
    await ensureDatabase(start.server.port, password)
    signal?.throwIfAborted()
  } catch (error) {
    if (!start.adopted) await stopPostmaster(start.server.pid, place.cluster)
    throw error
  }
  return { ...start, password }
}

type Start = Omit<Started, 'password'>

interface StartAnew {
  readonly place: Place
  readonly password: string
  readonly log: (message: string) => void
  readonly signal: AbortSignal | undefined
  readonly settings: Readonly<Record<string, string>>
  readonly unsharePaths: readonly string[] | undefined
}

async function startAnew({ place, password, log, signal, settings, unsharePaths }: StartAnew): Promise<RunningServer> {
  const [binaries, runAs] = await Promise.all([findBinaries(place.folder), chooseRunAs(place, unsharePaths)])
  if (!(await hasCluster(place))) await makeCluster({ place, binaries, password, runAs, signal })
  await handOverFiles(place, runAs, place.cluster)
  return launchWithRetries({ place, binaries, runAs, password, log, signal, settings })
}

interface LaunchWithRetries extends Omit<StartAnew, 'unsharePaths'> {
  readonly binaries: Binaries
  readonly runAs: RunAs
}

/** How long the remains of a killed server may keep the new one waiting. */
const REMAINS_TIMEOUT_MS = 20_000
const REMAINS_PATIENCE_MS = 2000
const PORT_TRIES = 5

async function launchWithRetries(options: LaunchWithRetries): Promise<RunningServer> {
  const { place, binaries, runAs, password, log, signal, settings } = options
  const started = performance.now()
  for (let portTries = 1, delayMs = 20; ; delayMs = Math.min(delayMs * 2, 500)) {
    const port = await findFreePort(place.portFile)
    const outcome = await launch({ place, binaries, runAs, port, settings, signal })
    if (outcome.kind === 'ready') {
      await replaceFile(place.portFile, String(port))
      return outcome.server
    }
    signal?.throwIfAborted()
    const { output, cause } = outcome
    const elapsedMs = performance.now() - started
    if (/could not bind|could not create any TCP\/IP sockets/.test(output) && portTries < PORT_TRIES) {
      portTries += 1
    } else if (
      /lock file ".*" already exists|shared memory block .* still in use/.test(output) &&
      elapsedMs < REMAINS_TIMEOUT_MS
    ) {
      await clearRemains({ cluster: place.cluster, log, patient: elapsedMs < REMAINS_PATIENCE_MS })
      await sleep(delayMs)
    } else {
      throw await serverFailure({ dataDir: place.dataDir, output, secret: password, hint: runAsHint(runAs), cause })
    }
  }
}

/**
 * What is left of a killed server when PostgreSQL still refuses: children that did not notice, or a lock file whose
 * process id now belongs to something else (ordinary after a container's restart) or to a zombie. The file is removed
 * only when it is certain that no process of PostgreSQL works in the cluster.
 */
async function clearRemains({ cluster, log, patient }: ClearRemains): Promise<void> {
  const file = await readPidFile(cluster)
  if (file && (await isPostmaster(file.pid, cluster))) return
  const remaining = await findServerProcesses(cluster)
  if (remaining === null) return
  for (const pid of patient ? [] : remaining) sendSignal(pid, 'SIGQUIT')
  if (remaining.length === 0 && file) {
    log(`the lock file of PostgreSQL names process ${file.pid}, which is no PostgreSQL: removing it`)
    await rm(pidFilePath(cluster), { force: true })
  }
}

interface ClearRemains {
  readonly cluster: string
  readonly log: (message: string) => void
  /** Children of a killed server end by themselves, mostly within milliseconds: leave them that time. */
  readonly patient: boolean
}
