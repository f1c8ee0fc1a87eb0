import { z } from 'zod'
import { definePipeline, startRun, type Pipeline } from '../../src/pipelines/engine/index.ts'

const text = z.strictObject({ name: z.string().min(1).max(64), text: z.string().max(100_000) })
const input = z.strictObject({ collection: z.string().min(1).max(64), texts: z.array(text).max(1_000) })
type Input = z.output<typeof input>

const counted = z.strictObject({ words: z.int() })

/** Counts the words of some texts: a work chunk for each, which workers take up side by side. */
export const wordCount: Pipeline = definePipeline<Input, Input>({
  id: 'example/text/count',
  title: 'Count words',
  input,
  maxActive: 4,
  toleratesFailures: true,
  timeoutsMs: { work: 10_000 },
  start: {
    request: input,
    begin: (sql, call, request) =>
      startRun(sql, { ...call, pipeline: wordCount, input: request, subject: request.collection }),
  },
  plan: async (run) => ({ chunks: run.input.texts }),
  processChunk: async (run, chunk) => {
    run.signal.throwIfAborted()
    const { name, text: content } = text.parse(chunk)
    const words = content.split(/\s+/).filter(Boolean).length
    await run.say('info', `${name} has ${words} words`)
    return { result: { words } }
  },
  finish: async (_run, results) => {
    let words = 0
    let texts = 0
    for await (const { result, error } of results) {
      if (error !== null) continue
      words += counted.parse(result).words
      texts += 1
    }
    return { result: { texts, words } }
  },
})
