import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { definePipeline, type Pipeline } from '../../src/pipelines/engine/index.ts'

export const SLOTS = 10

const input = z.object({ chunks: z.number(), ms: z.number() })
export type NoopInput = z.infer<typeof input>

/** Chunks that do nothing, or wait; `onChunk` hears of each as it begins. */
export function noop(onChunk: (run: string) => void): Pipeline {
  return definePipeline({
    id: 'bench/engine/noop',
    title: 'Nothing',
    input,
    maxActive: 256,
    plan: ({ input: { chunks } }) => Promise.resolve({ chunks: Array.from({ length: chunks }, (_, i) => i) }),
    processChunk: async ({ runId, input: { ms } }) => {
      onChunk(runId)
      if (ms > 0) await sleep(ms)
      return { result: null }
    },
    finish: () => Promise.resolve({ result: {} }),
  })
}
