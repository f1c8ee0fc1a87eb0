import { parentPort } from 'node:worker_threads'
import { factRowsOf } from '../graph/fact-rows.ts'
import type { Dialect } from '../graph/facts.ts'
import { ShardWriter } from './write-shard.ts'

/**
 * The synchronous part of building shards, in a thread of its own: where to write one, one message per batch of blobs, then
 * `end`. What the parsers find in the blobs of a batch is its answer.
 */
export type BuildMessage =
  | { readonly file: string }
  | {
      readonly shas: readonly string[]
      readonly sizes: readonly number[]
      /** How each blob is parsed. */
      readonly dialects: readonly (readonly Dialect[])[]
      readonly bytes: Uint8Array
    }
  | 'end'

let writer: ShardWriter | null = null

parentPort?.on('message', (message: BuildMessage) => parentPort?.postMessage(answer(message)))

function answer(message: BuildMessage): unknown {
  if (typeof message === 'object' && 'file' in message) {
    writer = new ShardWriter(message.file)
    return 'begun'
  }
  if (writer === null) throw new Error('no shard was begun')
  if (message === 'end') {
    const built = writer.finish()
    writer.close()
    writer = null
    return built
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
  return rows.take()
}
