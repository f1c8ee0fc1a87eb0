import { randomBytes } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { TenonError } from '../../kernel/tenon-error.ts'
import { makePrivateFolder, replaceFile } from './data-dir-lock.ts'
import { type ExclusiveFile, tryLockFile } from './exclusive-file.ts'

/** Where the embedded server's files are. Absolute and without links: processes are recognised by these names. */
export interface Place {
  readonly dataDir: string
  readonly folder: string
  /** The cluster: complete or absent, never half made. */
  readonly cluster: string
  readonly log: string
  readonly passwordFile: string
  readonly portFile: string
}

export async function openPlace(dataDir: string): Promise<Place> {
  await makePrivateFolder(join(dataDir, 'postgres'))
  const real = await realpath(dataDir)
  const folder = join(real, 'postgres')
  return {
    dataDir: real,
    folder,
    cluster: join(folder, 'data'),
    log: join(folder, 'server.log'),
    passwordFile: join(folder, 'password'),
    portFile: join(folder, 'port'),
  }
}

/** Lets one start at a time look at, make or repair the files of a place. */
export async function lockPlace(place: Place, signal: AbortSignal | undefined): Promise<ExclusiveFile> {
  for (;;) {
    signal?.throwIfAborted()
    const lock = tryLockFile(join(place.folder, 'start.lock'))
    if (lock) return lock
    await sleep(25)
  }
}

export async function hasCluster(place: Place): Promise<boolean> {
  return stat(join(place.cluster, 'PG_VERSION')).then(
    () => true,
    // What can not be reached is no cluster for us.
    () => false,
  )
}

/** The superuser's password: made before the cluster, so that no cluster is without. Call under the place's lock. */
export async function readPassword(place: Place): Promise<string> {
  const known = await readFile(place.passwordFile, 'utf8').catch(emptyWhenMissing)
  if (known !== '') return known.trim()
  if (await hasCluster(place)) {
    const hint =
      'postgres/password is missing from the data folder: restore it, or move postgres/data away to start anew.'
    throw new TenonError('postgres_unavailable', { details: { hint } })
  }
  const password = randomBytes(24).toString('hex')
  await replaceFile(place.passwordFile, password)
  return password
}

function emptyWhenMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return ''
  throw error
}
