import type { CodeDeps } from '../deps.ts'
import { probeSource } from '../git/probe.ts'
import { readTree } from '../git/read-mirror.ts'
import type { TreeFile } from '../git/tree.ts'
import { dialectOf, FACTS_VERSION, type Dialect } from '../graph/facts.ts'
import { selectParsed } from '../graph/graph.sql.ts'
import { selectKnown, selectShards } from './indexing.sql.ts'
import { mirrorRequest, mirrorUnlessDeleted, sourceOf } from './mirror-of-run.ts'
import type { Chunk, IndexCtx } from './shapes.ts'

/** One chunk holds blobs of about this size in all, and at most this many. */
const CHUNK_BYTES = 4_000_000
const CHUNK_BLOBS = 1_000
/** So many small shards are made into larger ones; each search has to look into every shard. */
const SMALL_SHARDS = 12
const SMALL_BYTES = 1_000_000
const SMALL_BLOBS = CHUNK_BLOBS / 4

/** Finds out what the ref stands for, and which of its blobs have to be read. */
export async function planIndexing(deps: CodeDeps, ctx: IndexCtx): Promise<{ chunks: Chunk[] }> {
  const { source, credential } = await sourceOf(deps, ctx)
  const { signal } = ctx
  const target = await probeSource(deps.git, source, { ref: ctx.input.ref ?? undefined, credential, signal })
  await ctx.say('info', `fetching ${target.ref} at ${target.commit.slice(0, 12)}`)
  const { files, skipped } = await readTree(deps.git, await mirrorRequest(deps, ctx, target))
  await mirrorUnlessDeleted(deps, ctx)
  const dialects = dialectsOf(files)
  const unread = await blobsToRead(ctx, files, dialects)
  const left = Object.entries(skipped).filter(([, count]) => count > 0)
  await ctx.say(
    'info',
    `${files.length} files, ${unread.length} blobs to read${left.map(([why, count]) => `, ${count} ${why}`).join('')}`,
  )
  const groups = groupBlobs(unread)
  // A commit without new blobs still needs one chunk, which carries the commit to the last step.
  return {
    chunks: (groups.length === 0 ? [[]] : groups).map((shas) => ({
      ...target,
      shas,
      dialects: Object.fromEntries(
        shas.flatMap((sha) => {
          const found = dialects.get(sha)
          return found === undefined ? [] : [[sha, [...found]] as const]
        }),
      ),
    })),
  }
}

/** How blobs are parsed: the same text may stand at several paths. */
function dialectsOf(files: readonly TreeFile[]): ReadonlyMap<string, readonly Dialect[]> {
  const dialects = new Map<string, Dialect[]>()
  for (const { path, sha } of files) {
    const dialect = dialectOf(path)
    if (dialect === null) continue
    const known = dialects.get(sha)
    if (known === undefined) dialects.set(sha, [dialect])
    else if (!known.includes(dialect)) known.push(dialect)
  }
  return dialects
}

/** Blobs that the index does not know, or that were not parsed yet as they have to be. */
async function blobsToRead(
  ctx: IndexCtx,
  files: readonly TreeFile[],
  dialects: ReadonlyMap<string, readonly Dialect[]>,
): Promise<TreeFile[]> {
  const { org } = ctx
  const { repository } = ctx.input
  const bySha = new Map(files.map((file) => [file.sha, file]))
  const key = { org, repository }
  const { known, shards, parsed } = await ctx.inTenant(async (tenant) => ({
    parsed: await tenant.run(selectParsed, { ...key, version: FACTS_VERSION }),
    known: await tenant.run(selectKnown, { ...key, shas: [...bySha.keys()] }),
    shards: await tenant.run(selectShards, key),
  }))
  const live = new Map(shards.map(({ id }) => [id, { bytes: 0, blobs: 0 }]))
  for (const { shard, sizeBytes } of known) {
    const of = live.get(shard)
    if (of === undefined) continue
    of.bytes += sizeBytes
    of.blobs++
  }
  const merged = shardsToMerge(live)
  const done = new Set(parsed.map(({ sha, dialect }) => `${sha} ${dialect}`))
  const isParsed = (sha: string): boolean => dialects.get(sha)?.every((one) => done.has(`${sha} ${one}`)) ?? true
  // What can't be searched has no facts.
  for (const { sha, shard, doc } of known) if (!merged.has(shard) && (doc === null || isParsed(sha))) bySha.delete(sha)
  return [...bySha.values()]
}

/** What a commit needs of a shard. */
export interface Live {
  readonly bytes: number
  readonly blobs: number
}

/** Small shards, when there are many; their blobs are read again, into larger ones. */
export function shardsToMerge(live: ReadonlyMap<string, Live>): ReadonlySet<string> {
  const small = [...live].filter(([, { bytes, blobs }]) => bytes < SMALL_BYTES && blobs < SMALL_BLOBS)
  return new Set(small.length < SMALL_SHARDS ? [] : small.map(([id]) => id))
}

/** Which blobs are read together: each group becomes a shard. */
export function groupBlobs(files: readonly TreeFile[]): string[][] {
  const groups: string[][] = []
  let bytes = Number.POSITIVE_INFINITY
  for (const { sha, sizeBytes } of files) {
    const last = groups.at(-1)
    if (last === undefined || bytes + sizeBytes > CHUNK_BYTES || last.length >= CHUNK_BLOBS) {
      groups.push([sha])
      bytes = sizeBytes
    } else {
      last.push(sha)
      bytes += sizeBytes
    }
  }
  return groups
}
