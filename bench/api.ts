/** Reads one run over HTTP from `tenon serve`, beside the least server that could answer it, on the same database. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../src/platform/postgres/index.ts'
import { compare, type Comparison } from './api/compare.ts'
import { profileServer, type ServerProfile } from './api/profile-server.ts'
import { startReference, startTenon } from './api/setting.ts'

export interface ApiResults extends Comparison {
  readonly profile: { readonly tenon: ServerProfile; readonly reference: ServerProfile }
}

export async function benchApi(): Promise<ApiResults> {
  const stopping = new AbortController()
  const stop = (signal: string): void => stopping.abort(new Error(`ended by ${signal}`))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await measure(stopping.signal)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

async function measure(signal: AbortSignal): Promise<ApiResults> {
  await using ends = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-api-'))
  ends.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const postgres = await startEmbeddedPostgres({ dataDir: folder, signal })
  const endWithProcess = (): void => void process.kill(postgres.pid, 'SIGQUIT')
  process.once('exit', endWithProcess)
  ends.defer(async () => {
    process.off('exit', endWithProcess)
    await postgres.stop()
  })
  const setting = { folder, signal, databaseUrl: postgres.url, postgresPid: postgres.pid }
  const { fixture, comparison } = await compare(setting)
  const tenon = await profileServer(setting, startTenon, fixture)
  const reference = await profileServer(setting, startReference, fixture)
  return { ...comparison, profile: { tenon, reference } }
}
