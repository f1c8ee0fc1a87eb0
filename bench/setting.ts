/** What every bench that needs a database begins and ends with. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../src/platform/postgres/index.ts'

/** Does work that Ctrl-C ends in order. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopping = new AbortController()
  const stop = (signal: string): void => stopping.abort(new Error(`ended by ${signal}`))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await work(stopping.signal)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** A PostgreSQL in a folder of its own; both go with `ends`, and it does not outlive this process. */
export async function ownPostgres(
  ends: AsyncDisposableStack,
  { name, signal }: { name: string; signal: AbortSignal },
): Promise<{ folder: string; databaseUrl: string; postgresPid: number }> {
  const folder = mkdtempSync(join(tmpdir(), `tenon-bench-${name}-`))
  ends.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const postgres = await startEmbeddedPostgres({ dataDir: folder, signal })
  const endWithProcess = (): void => void process.kill(postgres.pid, 'SIGQUIT')
  process.once('exit', endWithProcess)
  ends.defer(async () => {
    process.off('exit', endWithProcess)
    await postgres.stop()
  })
  return { folder, databaseUrl: postgres.url, postgresPid: postgres.pid }
}
