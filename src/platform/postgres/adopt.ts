import { realpath } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

import { serverUrl, sqlState, withClient } from './connect.ts'
import { type RunningServer, watchServer } from './launch.ts'
import { readPidFile } from './pid-file.ts'
import type { Place } from './place.ts'
import { isPostmaster, STOPPING_SILENT, stopPostmaster } from './processes.ts'

const STARTING_UP = '57P03'
const WRONG_PASSWORD = '28P01'

/** How long a server that says it is ready may leave a connection unanswered. */
const PATIENCE_MS = 3000

export interface Adopt {
  readonly place: Place
  readonly password: string
  readonly log: (message: string) => void
  readonly signal?: AbortSignal | undefined
}

/**
 * The server that an earlier Tenon left running on this cluster, when there is one and it answers; one that doesn't
 * is stopped. Null when none is left.
 */
export async function adoptServer({ place, password, log, signal }: Adopt): Promise<RunningServer | null> {
  const { cluster } = place
  let deadline = performance.now() + PATIENCE_MS
  for (;;) {
    signal?.throwIfAborted()
    const file = await readPidFile(cluster)
    if (!file || !(await isPostmaster(file.pid, cluster))) return null
    const answer = file.port === 0 ? 'starting' : await ask(file.port, password, cluster)
    if (answer === 'ours') return watchServer(file.pid, file.port, cluster)
    // It replays its log after a crash, or is on its way out: both end by themselves.
    if (answer === 'starting' && file.status !== 'stopping') deadline = performance.now() + PATIENCE_MS
    if (answer === 'foreign' || performance.now() > deadline) {
      log(`a PostgreSQL left from before (process ${file.pid}) does not answer as ours: stopping it`)
      await stopPostmaster(file.pid, cluster, STOPPING_SILENT)
      return null
    }
    await sleep(50)
  }
}

async function ask(
  port: number,
  password: string,
  cluster: string,
): Promise<'ours' | 'starting' | 'silent' | 'foreign'> {
  try {
    const { rows } = await withClient(serverUrl(port, password, 'postgres'), (client) =>
      client.query<{ folder: string }>("select current_setting('data_directory') as folder"),
    )
    // A folder that can not be resolved is not ours.
    const folder = await realpath(rows[0]?.folder ?? '').catch(() => '')
    return folder === cluster ? 'ours' : 'foreign'
  } catch (error) {
    if (sqlState(error) === STARTING_UP) return 'starting'
    return sqlState(error) === WRONG_PASSWORD ? 'foreign' : 'silent'
  }
}
