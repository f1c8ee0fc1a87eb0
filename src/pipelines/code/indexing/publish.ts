import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Sql } from '../../../kernel/statement.ts'
import { activeRunOf, type StepResult } from '../../engine/index.ts'
import type { CodeDeps } from '../deps.ts'
import { orDiskFull } from '../disk-full.ts'
import { recentChanges, type Change } from '../git/history.ts'
import { readTree } from '../git/read-mirror.ts'
import type { TreeFile } from '../git/tree.ts'
import { languageOf } from '../language.ts'
import { checksumOf, encodeSnapshot, type SnapshotFile } from '../snapshot/snapshot.ts'
import * as sql from './indexing.sql.ts'
import { mirrorRequest, mirrorUnlessDeleted, unlessDeleted } from './mirror-of-run.ts'
import type { IndexCtx, ShardResult } from './shapes.ts'

/** Rows that one statement writes. */
const ROWS = 5_000

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
  const changes = await recentChanges(deps.git, request)
  await mirrorUnlessDeleted(deps, ctx)
  const contents = await contentsOf(ctx, files, results)
  const snapshot = await writeSnapshot(deps, ctx, contents)
  const delta = await deltaOf(ctx, contents.files, { commit, changes })
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
      for (const paths of pagesOf(delta.removed)) await tenant.run(sql.deleteFiles, { ...key, paths })
      for (const rows of pagesOf(delta.written))
        await tenant.run(sql.upsertFiles, { ...key, rows: JSON.stringify(rows) })
      await tenant.run(sql.deleteShardsBut, { ...key, kept: contents.kept })
      await tenant.run(sql.publish, {
        ...key,
        ...totals,
        commit,
        snapshotKey: snapshot.key,
        checksum: snapshot.checksum,
      })
    },
    after: async () => {
      await removeUnclaimed(deps, ctx)
      await ctx.say(
        'info',
        `indexed ${commit.slice(0, 12)}: ${summary.files} files, ${summary.blobsRead} blobs read, ${summary.blobsReused} reused`,
      )
    },
  }
}

interface Contents {
  /** Files that can be searched. */
  readonly files: readonly (TreeFile & SnapshotFile & { readonly size: number })[]
  readonly shards: readonly { readonly key: string; readonly checksum: string }[]
  /** Ids of the shards that the commit needs, also of those that only say that a blob can't be searched. */
  readonly kept: string[]
}

/** Where the text of each file is. */
async function contentsOf(
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

/** What the rows of the commit before have to become. A file that moved is another path with the same blob. */
async function deltaOf(
  { org, input: { repository }, inTenant }: IndexCtx,
  files: Contents['files'],
  { commit, changes }: { commit: string; changes: ReadonlyMap<string, Change> },
) {
  const before = new Map(
    (await inTenant((tenant) => tenant.run(sql.selectFiles, { org, repository }))).map((row) => [row.path, row]),
  )
  const isFirst = before.size === 0
  const written = files.flatMap(({ path, sha, language }) => {
    const row = before.get(path)
    before.delete(path)
    const known = changes.get(path)
    if (row?.sha === sha && (known === undefined || known.commit === row.commit)) return []
    // Of a change that the known history does not tell, the commit is the last that can have made it.
    const change = known ?? (isFirst ? null : { commit, at: new Date() })
    return [{ path, sha, language, commit: change?.commit ?? null, at: change?.at.toISOString() ?? null }]
  })
  return { written, removed: [...before.keys()] }
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

function* pagesOf<T>(rows: readonly T[]): Generator<T[]> {
  for (let at = 0; at < rows.length; at += ROWS) yield rows.slice(at, at + ROWS)
}
