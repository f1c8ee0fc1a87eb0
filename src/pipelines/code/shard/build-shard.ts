import { once } from 'node:events'
import { rename, rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { BuildMessage } from './build-thread.ts'
import type { BuiltShard } from './format.ts'

/** Blobs go to the thread together until they have this size, in bytes. */
const BATCH_BYTES = 1 << 20

/**
 * Writes a shard of these blobs; the file appears whole or not at all. Indexing is synchronous work, so it runs in a
 * thread and the event loop stays free.
 *
 * @throws what `blobs` throws, the reason of `signal`, or the thread's error (a full disk, for instance).
 */
export async function buildShard(options: {
  file: string
  blobs: AsyncIterable<{ readonly sha: string; readonly content: Buffer }>
  signal?: AbortSignal | undefined
}): Promise<BuiltShard> {
  const { file, signal } = options
  const unfinished = `${file}.unfinished`
  await rm(unfinished, { force: true })
  const thread = new Worker(new URL('./build-thread.ts', import.meta.url), { workerData: { file: unfinished } })
  // The thread may fail while nobody waits for it; whoever waits next is told.
  const failed = new Promise<never>((_, reject) => thread.once('error', reject))
  failed.catch(() => {})
  const ask = async (message: BuildMessage, transfer: ArrayBuffer[] = []): Promise<unknown> => {
    const answered = once(thread, 'message', signal ? { signal } : {})
    thread.postMessage(message, transfer)
    const [answer] = (await Promise.race([answered, failed])) as [unknown]
    return answer
  }
  try {
    // One batch at a time: the reader waits for the index, so memory stays bounded.
    for await (const batch of batches(options.blobs)) {
      signal?.throwIfAborted()
      await ask(batch, [batch.bytes.buffer])
    }
    const built = (await ask('end')) as BuiltShard
    await rename(unfinished, file)
    return built
  } finally {
    await thread.terminate()
    await rm(unfinished, { force: true })
  }
}

async function* batches(blobs: AsyncIterable<{ readonly sha: string; readonly content: Buffer }>) {
  let batch: { sha: string; content: Buffer }[] = []
  let size = 0
  for await (const blob of blobs) {
    batch.push(blob)
    size += blob.content.length
    if (size < BATCH_BYTES) continue
    yield packed(batch, size)
    batch = []
    size = 0
  }
  if (batch.length > 0) yield packed(batch, size)
}

function packed(batch: readonly { sha: string; content: Buffer }[], size: number) {
  const bytes = new Uint8Array(new ArrayBuffer(size))
  let at = 0
  for (const { content } of batch) {
    bytes.set(content, at)
    at += content.length
  }
  return { shas: batch.map(({ sha }) => sha), sizes: batch.map(({ content }) => content.length), bytes }
}
