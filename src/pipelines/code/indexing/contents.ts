import type { TreeFile } from '../git/tree.ts'
import { languageOf } from '../language.ts'
import type { SnapshotFile } from '../snapshot/snapshot.ts'
import * as sql from './indexing.sql.ts'
import type { IndexCtx, ShardResult } from './shapes.ts'

export interface Contents {
  /** Files that can be searched. */
  readonly files: readonly (TreeFile & SnapshotFile & { readonly size: number })[]
  readonly shards: readonly { readonly key: string; readonly checksum: string }[]
  /** Ids of the shards that the commit needs, also of those that only say that a blob can't be searched. */
  readonly kept: string[]
}

/** Where the text of each file is. */
export async function contentsOf(
  { org, input: { repository }, inTenant }: IndexCtx,
  tree: readonly TreeFile[],
  results: readonly ShardResult[],
): Promise<Contents> {
  const key = { org, repository }
  const shas = [...new Set(tree.map(({ sha }) => sha))]
  const { known, stored } = await inTenant(async (tenant) => ({
    known: await tenant.run(sql.selectKnown, { ...key, shas }),
    stored: await tenant.run(sql.selectShards, key),
  }))
  const blobs = new Map(known.map(({ sha, shard, doc, sizeBytes: size }) => [sha, { shard, doc, size }]))
  for (const { id, blobs: read } of results)
    for (const { sha, doc, size } of read) blobs.set(sha, { shard: id, doc, size })
  const keys = new Map([
    ...stored.map(({ id, blobKey, checksum }) => [id, { key: blobKey, checksum }] as const),
    ...results.map(({ id, key: blobKey, checksum }) => [id, { key: blobKey, checksum }] as const),
  ])
  const kept = new Set<string>()
  const numbers = new Map<string, number>()
  const files = tree.flatMap((file) => {
    const blob = blobs.get(file.sha)
    // The engine gives the results of every chunk, so all that was not known has been read.
    if (blob === undefined) throw new Error('a blob of the commit was not read')
    kept.add(blob.shard)
    if (blob.doc === null) return []
    const shard = numbers.get(blob.shard) ?? numbers.size
    numbers.set(blob.shard, shard)
    return [{ ...file, shard, doc: blob.doc, size: blob.size, language: languageOf(file.path) }]
  })
  const shards = [...numbers.keys()].flatMap((id) => keys.get(id) ?? [])
  return { files, shards, kept: [...kept] }
}
