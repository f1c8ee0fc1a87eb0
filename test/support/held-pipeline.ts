import { z } from 'zod'
import { definePipeline, startRun, type Pipeline } from '../../src/pipelines/engine/index.ts'

const input = z.strictObject({ subject: z.string() })
type Held = z.output<typeof input>

/** A pipeline whose runs go on until they are stopped. */
export function heldPipeline(id: string): Pipeline {
  const pipeline: Pipeline = definePipeline<Held, Held>({
    id,
    title: 'Held',
    needs: [],
    price: { run: 0, chunk: 0 },
    maxActive: 1,
    input,
    start: {
      request: input,
      begin: (sql, call, request) => startRun(sql, { ...call, pipeline, input: request, subject: request.subject }),
    },
    plan: ({ signal }) =>
      new Promise((_, reject) => {
        if (signal.aborted) return reject(signal.reason as Error)
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      }),
    processChunk: async () => ({ result: null }),
    finish: async () => ({ result: null }),
  })
  return pipeline
}
