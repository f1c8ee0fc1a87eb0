import { parentPort, workerData } from 'node:worker_threads'
import { factRowsOf } from '../graph/fact-rows.ts'
import type { Dialect } from '../graph/facts.ts'
import { ShardWriter } from './write-shard.ts'

/**
 * The synchronous part of building a shard, in a thread of its own: one message per batch of blobs, then `end`. What the
 * parsers find in the blobs of a batch is its answer.
 */
export type BuildMessage =
  | {
      readonly shas: readonly string[]
      readonly sizes: readonly number[]
      /** How each blob is parsed. */
      readonly dialects: readonly (readonly Dialect[])[]
      readonly bytes: Uint8Array
    }
  | 'end'

const { file } = workerData as { file: string }
const writer = new ShardWriter(file)

parentPort?.on('message', (message: BuildMessage) => {
  if (message === 'end') {
    const built = writer.finish()
    writer.close()
    parentPort?.postMessage(built)
    parentPort?.close()
    return
  }
  const rows = factRowsOf()
  let at = 0
  for (const [i, sha] of message.shas.entries()) {
    const size = message.sizes[i] ?? 0
    const content = message.bytes.subarray(at, at + size)
    writer.add(sha, content)
    for (const dialect of message.dialects[i] ?? []) rows.add({ sha, dialect, content })
    at += size
  }
  parentPort?.postMessage(rows.take())
})
