import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { CodeDeps } from '../deps.ts'
import { orDiskFull } from '../disk-full.ts'
import { readingBlobs } from '../git/read-mirror.ts'
import { buildShard } from '../shard/build-shard.ts'
import { keepFacts } from './keep-facts.ts'
import { mirrorRequest, mirrorUnlessDeleted, unlessDeleted } from './mirror-of-run.ts'
import type { Chunk, IndexCtx, ShardResult } from './shapes.ts'

/** Reads blobs into a shard of their own. */
export async function readChunk(
  deps: CodeDeps,
  ctx: IndexCtx,
  { ref, commit, shas, dialects }: Chunk,
  n: number,
): Promise<{ result: ShardResult }> {
  const id = `${ctx.runId}-${n}-${ctx.attempt}`
  const key = `${ctx.org}/${ctx.input.repository}/${id}`
  const base = { ref, commit, id, key }
  if (shas.length === 0) return { result: { ...base, size: 0, checksum: '', blobs: [] } }
  const request = await mirrorRequest(deps, ctx, { ref, commit })
  const file = join(deps.scratch, `${id}.shard`)
  await mkdir(deps.scratch, { recursive: true, mode: 0o700 })
  try {
    const { signal } = ctx
    const built = await buildShard({
      file,
      blobs: readingBlobs(deps.git, request, shas),
      dialects: new Map(Object.entries(dialects)),
      keep: (rows) => keepFacts(ctx, rows),
      signal,
    })
    await mirrorUnlessDeleted(deps, ctx)
    await deps.blobs.put(key, file)
    await unlessDeleted(ctx, () => deps.blobs.delete(key))
    const { sizeBytes: size, checksum } = built
    const blobs = built.blobs.map(({ sizeBytes, ...blob }) => ({ ...blob, size: sizeBytes }))
    return { result: { ...base, size, checksum, blobs } }
  } catch (error) {
    throw orDiskFull(error)
  } finally {
    await rm(file, { force: true })
  }
}
