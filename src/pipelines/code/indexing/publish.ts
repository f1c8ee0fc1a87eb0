import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from '../../../kernel/statement.ts'
import { activeRunOf, type StepResult } from '../../engine/index.ts'
import { lockRepository } from '../code.sql.ts'
import type { CodeDeps } from '../deps.ts'
import { orDiskFull } from '../disk-full.ts'
import { recentChanges } from '../git/history.ts'
import { readTree } from '../git/read-mirror.ts'
import { FACTS_VERSION } from '../graph/facts.ts'
import * as graphSql from '../graph/graph.sql.ts'
import { checksumOf, encodeSnapshot } from '../snapshot/snapshot.ts'
import { graphOf } from './commit-graph.ts'
import { contentsOf, type Contents } from './contents.ts'
import { forgetFacts } from './keep-facts.ts'
import { deltaOf, pagesOf, writeDelta } from './delta.ts'
import * as sql from './indexing.sql.ts'
import { mirrorRequest, mirrorUnlessDeleted, unlessDeleted } from './mirror-of-run.ts'
import type { IndexCtx, ShardResult } from './shapes.ts'

/** Writes the snapshot of the commit; what changed in its files is written by the transaction that ends the run. */
export async function publishCommit(
  deps: CodeDeps,
  ctx: IndexCtx,
  results: readonly ShardResult[],
): Promise<StepResult> {
  const [first] = results
  if (first === undefined) throw new Error('the plan has no chunk')
  const { commit } = first
  const request = await mirrorRequest(deps, ctx, first)
  const { files } = await readTree(deps.git, request)
  const failed = (error: unknown): void => ctx.log.warn({ err: error }, 'the history could not be read')
  const changes = await recentChanges(deps.git, { ...request, failed })
  await mirrorUnlessDeleted(deps, ctx)
  const contents = await contentsOf(ctx, files, results)
  const snapshot = await writeSnapshot(deps, ctx, contents)
  const searchable = new Set(contents.files.map(({ path }) => path))
  const graph = await graphOf(deps, ctx, { tree: files, searchable, request })
  const delta = await deltaOf(ctx, contents.files, { commit, changes, graph })
  const read = results.flatMap(({ id, blobs }) => blobs.map((blob) => ({ ...blob, shard: id })))
  const summary = {
    commit,
    files: files.length,
    blobsRead: read.length,
    blobsReused: new Set(files.map(({ sha }) => sha)).size - read.length,
    bytesRead: read.reduce((sum, { size }) => sum + size, 0),
  }
  const key = { org: ctx.org, repository: ctx.input.repository }
  const totals = { files: contents.files.length, sizeBytes: contents.files.reduce((sum, { size }) => sum + size, 0) }
  const built = results.filter(({ blobs }) => blobs.length > 0)
  return {
    result: summary,
    effects: async (tenant: Sql) => {
      const shards = built.map(({ id, key: blob, size, checksum }) => ({ id, key: blob, size, checksum }))
      await tenant.run(sql.insertShards, { ...key, rows: JSON.stringify(shards) })
      for (const rows of pagesOf(read)) await tenant.run(sql.upsertBlobs, { ...key, rows: JSON.stringify(rows) })
      await writeDelta(tenant, key, delta)
      await tenant.run(sql.deleteShardsBut, { ...key, kept: contents.kept })
      await tenant.run(sql.publish, {
        ...key,
        ...totals,
        commit,
        snapshotKey: snapshot.key,
        checksum: snapshot.checksum,
        graphVersion: graph === null ? null : FACTS_VERSION,
      })
    },
    after: async () => {
      await removeUnclaimed(deps, ctx)
      await removeUnusedFacts(ctx)
      await ctx.say(
        'info',
        `indexed ${commit.slice(0, 12)}: ${summary.files} files, ${summary.blobsRead} blobs read, ${summary.blobsReused} reused, ${graph?.unresolved ?? 'all'} imports unresolved`,
      )
    },
  }
}

async function writeSnapshot(
  { blobs, scratch }: CodeDeps,
  ctx: IndexCtx,
  { shards, files }: Contents,
): Promise<{ key: string; checksum: string }> {
  const name = `${ctx.runId}-${ctx.attempt}.snapshot`
  const key = `${ctx.org}/${ctx.input.repository}/${name}`
  const bytes = encodeSnapshot(shards, files)
  const file = join(scratch, name)
  await mkdir(scratch, { recursive: true, mode: 0o700 })
  try {
    await writeFile(file, bytes, { mode: 0o600 })
    await blobs.put(key, file)
  } catch (error) {
    throw orDiskFull(error)
  } finally {
    await rm(file, { force: true })
  }
  await unlessDeleted(ctx, () => blobs.delete(key))
  return { key, checksum: checksumOf(bytes) }
}

/** Of a run that is under way, facts are kept before the files that have them: none may begin meanwhile. */
async function removeUnusedFacts({ org, input: { repository }, inTenant }: IndexCtx): Promise<void> {
  await inTenant(async (tenant) => {
    await tenant.run(lockRepository, { org, key: repository })
    if ((await activeRunOf(tenant, org, repository)) !== null) return
    const unused = await tenant.run(graphSql.selectUnusedFacts, { org, repository })
    for (const blobs of pagesOf(unused)) await forgetFacts(tenant, { org, repository }, blobs)
  })
}

/**
 * Removes what no row names: what was dropped, and what lost attempts and runs that failed have left. The files are
 * listed first: what a run wrote by then is named by a row, or that run is still under way, or has ended otherwise.
 */
async function removeUnclaimed(deps: CodeDeps, { org, input: { repository }, inTenant }: IndexCtx): Promise<void> {
  const keys = await deps.blobs.list(`${org}/${repository}`)
  const { kept, active } = await inTenant(async (tenant) => ({
    active: await activeRunOf(tenant, org, repository),
    kept: new Set((await tenant.run(sql.selectBlobKeys, { org, repository })).map(({ key }) => key)),
  }))
  for (const key of keys) {
    if (kept.has(key) || (active !== null && key.includes(`/${active.id}-`))) continue
    await deps.blobs.delete(key)
    await deps.reader.drop(key)
  }
}
