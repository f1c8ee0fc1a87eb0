/** Chunks that do nothing, on workers of their own processes, beside pg-boss; and how soon a run begins. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedPostgres } from '../src/platform/postgres/index.ts'
import { measureLatency, type Latency } from './engine/latency.ts'
import { openSetting } from './engine/setting.ts'
import { measureThroughput, type Throughput } from './engine/throughput.ts'

export interface EngineResults {
  readonly throughput: Throughput
  readonly latency: Latency
}

export async function benchEngine(): Promise<EngineResults> {
  const stopping = new AbortController()
  const stop = (signal: string): void => stopping.abort(new Error(`ended by ${signal}`))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await measure(stopping.signal)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

async function measure(signal: AbortSignal): Promise<EngineResults> {
  await using ends = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-engine-'))
  ends.defer(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  const postgres = await startEmbeddedPostgres({ dataDir: folder, signal })
  const endWithProcess = (): void => void process.kill(postgres.pid, 'SIGQUIT')
  process.once('exit', endWithProcess)
  ends.defer(async () => {
    process.off('exit', endWithProcess)
    await postgres.stop()
  })
  const { setting, close } = await openSetting(postgres.url, signal)
  ends.defer(close)
  const throughput = await measureThroughput(setting)
  return { throughput, latency: await measureLatency(setting) }
}
