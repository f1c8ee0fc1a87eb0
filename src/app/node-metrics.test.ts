import { expect, it } from 'vitest'
import { z } from 'zod'
import { createMetrics } from '../platform/telemetry/metrics.ts'
import { TenonError } from '../kernel/tenon-error.ts'
import { countedJobs } from './node-metrics.ts'

it('counts each attempt at a job by what came of it, and hands its error on', async () => {
  const metrics = await createMetrics({
    version: '1',
    role: 'worker',
    pipelines: new Set(),
    connections: () => [],
    cluster: { read: () => Promise.reject(new TenonError('unavailable')), failed: () => {} },
  })
  let outcome: Error | undefined
  const run = async (): Promise<void> => {
    if (outcome !== undefined) throw outcome
  }
  const [job] = countedJobs([{ name: 'a.job', payload: z.unknown(), run }], metrics)
  const { signal } = new AbortController()
  await job?.run({}, signal)
  for (const error of [new TenonError('disk_full'), new Error('secret')]) {
    outcome = error
    await expect(job?.run({}, signal)).rejects.toBe(error)
  }
  const { text } = await metrics.page()
  expect(text.split('\n').filter((line) => line.startsWith('tenon_jobs_total{'))).toEqual([
    'tenon_jobs_total{job="a.job",outcome="ok"} 1',
    'tenon_jobs_total{job="a.job",outcome="disk_full"} 1',
    'tenon_jobs_total{job="a.job",outcome="internal"} 1',
  ])
})
