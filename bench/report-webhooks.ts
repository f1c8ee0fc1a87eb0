import { rounded, target } from './report-search.ts'
import type { WebhookResults } from './webhooks.ts'

const TARGET_PER_SECOND = 1_500

export function reportWebhooks(results: WebhookResults): void {
  const { perSecond, p50Ms, p99Ms, accepted, known, failed, plainPerSecond, toPlain, exact } = results
  console.log(
    `\nWebhooks: signed events of ${results.sizeBytes} bytes, ${results.duplicates * 100} % of them sent before, 64 connections`,
  )
  console.table({
    'deliveries/s': rounded(perSecond, 0),
    'p50 ms': rounded(p50Ms),
    'p99 ms': rounded(p99Ms),
    'server CPU µs/delivery': rounded(results.cpuMicros, 0),
    'PostgreSQL CPU µs/delivery': rounded(results.postgresCpuMicros, 0),
    'new events': accepted,
    duplicates: known,
    'plain inserts/s': rounded(plainPerSecond, 0),
    'deliveries / plain insert': rounded(toPlain, 2),
  })
  target(perSecond >= TARGET_PER_SECOND, `at least ${TARGET_PER_SECOND} deliveries/s: ${rounded(perSecond, 0)}`)
  target(failed === 0 && exact, `each event stored exactly once, none refused: ${failed} refused`)
}
