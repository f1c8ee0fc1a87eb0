import { once } from 'node:events'
import { rename, rm } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { FactRows } from '../graph/fact-rows.ts'
import type { Dialect } from '../graph/facts.ts'
import type { BuildMessage } from './build-thread.ts'
import type { BuiltShard } from './format.ts'

/** Blobs go to the thread together until they have this size, in bytes. */
const BATCH_BYTES = 1 << 20

type Blobs = AsyncIterable<{ readonly sha: string; readonly content: Buffer }>

/**
 * Writes a shard of these blobs; the file appears whole or not at all. Indexing is synchronous work, so it runs in a
 * thread and the event loop stays free. What parsers find in the blobs that have dialects is handed to `keep`, batch by
 * batch.
 *
 * @throws what `blobs` and `keep` throw, the reason of `signal`, or the thread's error (a full disk, for instance).
 */
export async function buildShard(options: {
  file: string
  blobs: Blobs
  dialects?: ReadonlyMap<string, readonly Dialect[]>
  keep?: (rows: FactRows) => Promise<void>
  signal?: AbortSignal | undefined
}): Promise<BuiltShard> {
  const { file, signal, dialects = new Map<string, Dialect[]>() } = options
  const unfinished = `${file}.unfinished`
  await rm(unfinished, { force: true })
  const thread = new Worker(new URL('./build-thread.ts', import.meta.url), {
    workerData: { file: unfinished },
    // Parsers go as deep as the texts do.
    resourceLimits: { stackSizeMb: 64 },
  })
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
    for await (const { shas, ...batch } of batches(options.blobs)) {
      signal?.throwIfAborted()
      const message = { ...batch, shas, dialects: shas.map((sha) => dialects.get(sha) ?? []) }
      const rows = (await ask(message, [batch.bytes.buffer])) as FactRows
      if (rows.count > 0) await options.keep?.(rows)
    }
    const built = (await ask('end')) as BuiltShard
    await rename(unfinished, file)
    return built
  } finally {
    await thread.terminate()
    await rm(unfinished, { force: true })
  }
}

async function* batches(blobs: Blobs) {
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
