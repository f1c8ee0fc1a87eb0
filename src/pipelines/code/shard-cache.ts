import { TenonError } from '../../kernel/tenon-error.ts'
import type { Blobs } from '../../platform/blobs/index.ts'
import { openShard, type Shard } from './shard/open-shard.ts'

/** Shards that are open on this node, the least recently used closed first. A key comes from a row of the caller's own. */
export function createShardCache(blobs: Blobs, maxOpen = 256): { open(key: string): Shard } {
  const shards = new Map<string, Shard>()
  return {
    open: (key) => {
      const path = blobs.path(key)
      const cached = shards.get(key)
      shards.delete(key)
      if (path === null) {
        cached?.close()
        throw new TenonError('unavailable', { details: { reason: 'a part of the index is missing' } })
      }
      const shard = cached ?? openShard(path)
      shards.set(key, shard)
      const [oldest] = shards.keys()
      if (shards.size > maxOpen && oldest !== undefined) {
        shards.get(oldest)?.close()
        shards.delete(oldest)
      }
      return shard
    },
  }
}
