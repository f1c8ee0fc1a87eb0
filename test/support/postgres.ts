import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { lockDataDir, startEmbeddedPostgres } from '../../src/platform/postgres/index.ts'

const PREFIX = 'tenon-test-run-'

export interface TestPostgres {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Starts a server in a temporary folder; both go when it is stopped, and the server also when this process ends. */
export async function startTestPostgres(): Promise<TestPostgres> {
  await removeAbandoned()
  const folder = await mkdtemp(join(tmpdir(), PREFIX))
  const lock = await lockDataDir(folder)
  const server = await startEmbeddedPostgres({ dataDir: folder, settings: { fsync: 'off', full_page_writes: 'off' } })
  const endWithProcess = () => process.kill(server.pid, 'SIGQUIT')
  process.once('exit', endWithProcess)
  return {
    url: server.url,
    async stop() {
      process.off('exit', endWithProcess)
      await server.stop()
      lock.release()
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}

/** A folder this young may belong to a run that has not locked it yet. */
const YOUNG_MS = 60_000

/** Ends what earlier runs left that were killed: their folders are no longer locked. */
async function removeAbandoned(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    if (!entry.startsWith(PREFIX)) continue
    const folder = join(tmpdir(), entry)
    const { birthtimeMs } = await stat(folder).catch(() => ({ birthtimeMs: Date.now() }))
    if (Date.now() - birthtimeMs < YOUNG_MS) continue
    const lock = await lockDataDir(folder).catch(() => null)
    if (!lock) continue
    if (existsSync(join(folder, 'postgres', 'data', 'postmaster.pid'))) {
      const server = await startEmbeddedPostgres({ dataDir: folder }).catch(() => null)
      await server?.stop()
    }
    lock.release()
    await rm(folder, { recursive: true, force: true, maxRetries: 3 })
  }
}
