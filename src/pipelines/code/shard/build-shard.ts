import { rename, rm } from 'node:fs/promises'
import type { FactRows } from '../graph/fact-rows.ts'
import type { Dialect } from '../graph/facts.ts'
import { withBuilder } from './builders.ts'
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
  try {
    return await withBuilder(signal, async (builder) => {
      await builder.ask({ file: unfinished }, { signal })
      // One batch at a time: the reader waits for the index, so memory stays bounded.
      for await (const { shas, ...batch } of batches(options.blobs)) {
        signal?.throwIfAborted()
        const message = { ...batch, shas, dialects: shas.map((sha) => dialects.get(sha) ?? []) }
        const rows = (await builder.ask(message, { transfer: [batch.bytes.buffer], signal })) as FactRows
        if (rows.count > 0) await options.keep?.(rows)
      }
      const built = (await builder.ask('end', { signal })) as BuiltShard
      await rename(unfinished, file)
      return built
    })
  } finally {
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
