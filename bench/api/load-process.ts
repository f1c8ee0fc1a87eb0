/** Puts load on one address and reports to the process that forked it: never in the thread of a server. */
import autocannon from 'autocannon'
import { quantile } from '../statistics.ts'
import type { Load, LoadResult } from './load.ts'

const CONNECTIONS = 64

process.once('disconnect', () => process.exit(1))
process.once('message', ({ url, headers, seconds }: Load) => {
  const latencies: number[] = []
  const before = process.cpuUsage()
  const options = { url, headers, connections: CONNECTIONS, duration: seconds, sampleInt: 100, timeout: 10 }
  const running = autocannon(options, (error, result) => {
    if (error) throw error
    const { user, system } = process.cpuUsage(before)
    const report: LoadResult = {
      ok: result['2xx'],
      failed: result.non2xx + result.errors,
      perSecond: result['2xx'] / result.duration,
      p50Ms: quantile(latencies, 0.5),
      p99Ms: quantile(latencies, 0.99),
      cpuMicros: (user + system) / result['2xx'],
    }
    process.send?.(report, () => process.exit(0))
  })
  running.on('response', (_client, _status, _bytes, elapsedMs: number) => latencies.push(elapsedMs))
})
