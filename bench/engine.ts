/** Chunks that do nothing, on workers of their own processes, beside pg-boss; and how soon a run begins. */
import { measureLatency, type Latency } from './engine/latency.ts'
import { openSetting } from './engine/setting.ts'
import { measureThroughput, type Throughput } from './engine/throughput.ts'
import { interruptible, ownPostgres } from './setting.ts'

export interface EngineResults {
  readonly throughput: Throughput
  readonly latency: Latency
}

export function benchEngine(): Promise<EngineResults> {
  return interruptible(measure)
}

async function measure(signal: AbortSignal): Promise<EngineResults> {
  await using ends = new AsyncDisposableStack()
  const { databaseUrl } = await ownPostgres(ends, { name: 'engine', signal })
  const { setting, close } = await openSetting(databaseUrl, signal)
  ends.defer(close)
  const throughput = await measureThroughput(setting)
  return { throughput, latency: await measureLatency(setting) }
}
