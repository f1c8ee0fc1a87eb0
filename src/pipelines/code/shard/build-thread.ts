import { parentPort, workerData } from 'node:worker_threads'
import { ShardWriter } from './write-shard.ts'

/** The synchronous part of building a shard, in a thread of its own: one message per batch of blobs, then `end`. */
export type BuildMessage =
  | { readonly shas: readonly string[]; readonly sizes: readonly number[]; readonly bytes: Uint8Array }
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
  let at = 0
  for (const [i, sha] of message.shas.entries()) {
    const size = message.sizes[i] ?? 0
    writer.add(sha, message.bytes.subarray(at, at + size))
    at += size
  }
  parentPort?.postMessage('added')
})
