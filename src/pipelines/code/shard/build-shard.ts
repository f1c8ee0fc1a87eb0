import { once } from 'node:events'
import { open, rename, rm, stat } from 'node:fs/promises'
import { Worker } from 'node:worker_threads'
import type { BuiltShard, ShardBlob } from './format.ts'

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
  try {
    for await (const { sha, content } of options.blobs) {
      signal?.throwIfAborted()
      // One message at a time: the reader waits for the index, so memory stays bounded.
      const added = once(thread, 'message', signal ? { signal } : {})
      thread.postMessage({ sha, content })
      await added
    }
    const done = once(thread, 'message', signal ? { signal } : {})
    thread.postMessage('end')
    const [{ blobs }] = (await done) as [{ blobs: ShardBlob[] }]
    await flush(unfinished)
    await rename(unfinished, file)
    return { blobs, sizeBytes: (await stat(file)).size }
  } finally {
    await thread.terminate()
    await rm(unfinished, { force: true })
  }
}

async function flush(file: string): Promise<void> {
  const handle = await open(file, 'r+')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
