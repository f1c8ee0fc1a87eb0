import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { languageOf } from '../../src/pipelines/code/language.ts'
import type { Part } from '../../src/pipelines/code/search/searchers.ts'
import type { Scope } from '../../src/pipelines/code/search/find.ts'
import { ShardStore } from '../../src/pipelines/code/search/shard-store.ts'
import { loadIndex } from '../../src/pipelines/code/shard/read-shard.ts'
import { ShardWriter } from '../../src/pipelines/code/shard/write-shard.ts'
import { checksumOf, encodeSnapshot, loadSnapshot, Snapshot } from '../../src/pipelines/code/snapshot/snapshot.ts'
import type { SnapshotFile, SnapshotShard } from '../../src/pipelines/code/snapshot/snapshot.ts'

export type Files = Readonly<Record<string, string | Buffer>>

export interface IndexedRepository {
  readonly scope: Scope
  readonly snapshot: SnapshotShard
  readonly shards: readonly SnapshotShard[]
  /** All of it, as threads are given it. */
  readonly parts: readonly Part[]
}

/** The index of a repository with these files, without git and database; each blob is in it once. */
export function indexFiles(
  dir: string,
  { id, files, blobsPerShard = 1000 }: { id: string; files: Files; blobsPerShard?: number },
): IndexedRepository {
  mkdirSync(join(dir, id), { recursive: true })
  const blobs = new Map(Object.values(files).map((content) => [shaOf(content), Buffer.from(content)] as const))
  const places = new Map<string, { shard: number; doc: number }>()
  const shards: SnapshotShard[] = []
  const entries = [...blobs]
  for (let at = 0; at < entries.length; at += blobsPerShard) {
    const key = `${id}/${shards.length}`
    const writer = new ShardWriter(join(dir, key))
    for (const [sha, content] of entries.slice(at, at + blobsPerShard)) writer.add(sha, content)
    const built = writer.finish()
    writer.close()
    for (const { sha, doc } of built.blobs) if (doc !== null) places.set(sha, { shard: shards.length, doc })
    shards.push({ key, checksum: built.checksum })
  }
  const rows = Object.entries(files).flatMap(([path, content]): SnapshotFile[] => {
    const place = places.get(shaOf(content))
    return place === undefined ? [] : [{ path, ...place, language: languageOf(path) }]
  })
  const snapshot = writeSnapshot(dir, `${id}/snapshot`, { shards, files: rows })
  const shared = loadSnapshot(join(dir, snapshot.key), snapshot)
  const parts: Part[] = [
    { what: 'snapshot', key: snapshot.key, shared },
    ...shards.map((shard) => ({
      what: 'shard' as const,
      key: shard.key,
      shared: loadIndex(join(dir, shard.key), shard),
    })),
  ]
  return { scope: { id, name: id, snapshot: new Snapshot(snapshot.key, shared) }, snapshot, shards, parts }
}

export function writeSnapshot(
  dir: string,
  key: string,
  { shards, files }: { shards: readonly SnapshotShard[]; files: readonly SnapshotFile[] },
): SnapshotShard {
  const bytes = encodeSnapshot(shards, files)
  mkdirSync(dirname(join(dir, key)), { recursive: true })
  writeFileSync(join(dir, key), bytes)
  return { key, checksum: checksumOf(bytes) }
}

/** The shards of these repositories, as a search thread has them. */
export function storeOf(dir: string, repositories: readonly IndexedRepository[]): ShardStore {
  const store = new ShardStore(dir)
  for (const { parts } of repositories)
    for (const { what, key, shared } of parts) if (what === 'shard') store.keep(key, shared)
  return store
}

/** Lines of a text without their ends. */
export function linesOf(text: string): string[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  return lines.map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
}

function shaOf(content: string | Buffer): string {
  return createHash('sha1').update(content).digest('hex')
}
