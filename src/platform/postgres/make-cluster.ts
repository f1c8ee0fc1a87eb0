import type { SpawnOptions } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, open, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Binaries } from './binaries.ts'
import { serverFailure } from './failure.ts'
import type { Place } from './place.ts'
import { handOverFiles, runAsHint, spawnAs, type RunAs } from './run-as.ts'

const PREFIX = 'init-'

export interface MakeCluster {
  readonly place: Place
  readonly binaries: Pick<Binaries, 'initdb' | 'env'>
  readonly password: string
  readonly runAs: RunAs
  readonly signal?: AbortSignal | undefined
}

/** Makes the cluster in a folder of its own and moves it into place when it is complete. */
export async function makeCluster({ place, binaries, password, runAs, signal }: MakeCluster): Promise<void> {
  const temporary = join(place.folder, `${PREFIX}${randomUUID()}`)
  const passwordFile = join(temporary, 'password')
  const data = join(temporary, 'data')
  try {
    await mkdir(temporary, { mode: 0o700 })
    await writeFile(passwordFile, password, { mode: 0o600 })
    await handOverFiles(place, runAs, temporary)
    const args = ['-D', data, '--username=postgres', `--pwfile=${passwordFile}`, ...INITDB]
    const { code, output } = await runToEnd(runAs, binaries.initdb, args, { cwd: temporary, env: binaries.env, signal })
    signal?.throwIfAborted()
    if (code !== 0)
      throw await serverFailure({ dataDir: place.dataDir, output, secret: password, hint: runAsHint(runAs) })
    await rename(data, place.cluster)
    await syncFolder(place.folder)
  } finally {
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 })
  }
}

const INITDB = [
  '--auth=scram-sha-256',
  '--encoding=UTF8',
  '--locale-provider=builtin',
  '--builtin-locale=C.UTF-8',
  '--locale=C',
]

/** Removes what interrupted runs of initdb left. Call under the place's lock. */
export async function removeLeftovers(place: Place): Promise<void> {
  for (const entry of await readdir(place.folder)) {
    if (entry.startsWith(PREFIX)) await rm(join(place.folder, entry), { recursive: true, force: true, maxRetries: 5 })
  }
}

async function runToEnd(
  runAs: RunAs,
  program: string,
  args: readonly string[],
  { signal, ...options }: Pick<SpawnOptions, 'cwd' | 'env'> & { readonly signal?: AbortSignal | undefined },
): Promise<{ code: number | null; output: string }> {
  const child = spawnAs(runAs, program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const stop = () => child.kill('SIGTERM')
  signal?.addEventListener('abort', stop)
  let output = ''
  child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString()))
  try {
    const [code] = await once(child, 'close')
    return { code: typeof code === 'number' ? code : null, output }
  } catch (error) {
    return { code: null, output: `${output}${String(error)}` }
  } finally {
    signal?.removeEventListener('abort', stop)
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
