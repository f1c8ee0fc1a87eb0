import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { idSchema } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Blobs } from '../../platform/blobs/index.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { activeRunOf, definePipeline, type ChunkResult, type Pipeline, type RunCtx } from '../engine/index.ts'
import * as sql from './code.sql.ts'
import { ensureCommit, removeMirror } from './git/mirror.ts'
import { probeSource, type Target } from './git/probe.ts'
import { readBlobs } from './git/read-blobs.ts'
import { listTree, type TreeFile } from './git/tree.ts'
import type { Git } from './git/git.ts'
import { languageOf } from './language.ts'
import { buildShard } from './shard/build-shard.ts'
import { parseSource, type Source, type SourceRules } from './source.ts'
import { startIndexing } from './start-indexing.ts'

export interface CodeDeps {
  readonly git: Git
  readonly rules: SourceRules
  readonly blobs: Blobs
  /** Holds this node's mirrors; a cache. */
  readonly mirrors: string
  /** For files under work; emptied at start. */
  readonly scratch: string
}

const input = z.strictObject({ repository: idSchema('repo'), source: z.string(), ref: z.string().nullable() })
type Input = z.output<typeof input>
const chunk = z.strictObject({ ref: z.string(), commit: z.string(), shas: z.array(z.string()) })
const blobRow = z.strictObject({ sha: z.string(), size: z.int(), lines: z.int(), skipped: z.string().nullable() })
const shardResult = z.strictObject({
  ref: z.string(),
  commit: z.string(),
  id: z.string(),
  key: z.string(),
  size: z.int(),
  blobs: z.array(blobRow),
})

/** One chunk holds blobs of about this size in all, and at most this many. */
const CHUNK_BYTES = 4_000_000
const CHUNK_BLOBS = 500

/** What `runs.start` and schedules ask for. */
const request = z.strictObject({ repository: z.string().min(1).max(200) })

/** `git/code/index`: reads the blobs that the index does not know into shards, then publishes the commit at once. */
export function indexPipeline(deps: CodeDeps): Pipeline {
  const pipeline: Pipeline = definePipeline<Input, z.output<typeof request>>({
    id: 'git/code/index',
    title: 'Index a git repository for search',
    input,
    maxActive: 4,
    timeoutsMs: { plan: STEP_MS, work: STEP_MS, finish: STEP_MS },
    start: {
      request,
      begin: async (tenant, call, { repository: key }) => {
        const [repository] = await tenant.run(sql.lockRepository, { org: call.org, key })
        if (repository === undefined) throw new TenonError('not_found')
        return (await startIndexing(tenant, call, { repository, ref: repository.ref, pipeline })).run
      },
    },
    plan: (ctx) => plan(deps, ctx),
    processChunk: (ctx, given, n) => readChunk(deps, ctx, chunk.parse(given), n),
    finish: async (ctx, results) => finish(deps, ctx, await shardsOf(results)),
    onStopped: async (tenant, { org, input: { repository } }) => {
      await tenant.run(sql.setFailed, { org, repository })
    },
    onRetried: async (tenant, { org, runId, input: { repository, ref } }) => {
      await tenant.run(sql.setRun, { org, repository, run: runId, ref })
    },
  })
  return pipeline
}

/** A large repository over a slow line takes its time. */
const STEP_MS = 1_800_000

async function shardsOf(results: AsyncIterable<ChunkResult>): Promise<z.output<typeof shardResult>[]> {
  const shards = []
  for await (const { result } of results) shards.push(shardResult.parse(result))
  return shards
}

async function plan(deps: CodeDeps, ctx: RunCtx<Input>): Promise<{ chunks: z.output<typeof chunk>[] }> {
  const source = parseSource(ctx.input.source, deps.rules)
  const target = await probeSource(deps.git, source, { ref: ctx.input.ref ?? undefined, signal: ctx.signal })
  await ctx.say('info', `fetching ${target.ref} at ${target.commit.slice(0, 12)}`)
  const { files, skipped } = await treeOf(deps, ctx, source, target)
  const unknown = await unknownBlobs(ctx, files)
  const left = Object.entries(skipped).filter(([, count]) => count > 0)
  await ctx.say(
    'info',
    `${files.length} files, ${unknown.length} blobs to read${left.map(([why, count]) => `, ${count} ${why}`).join('')}`,
  )
  const groups = groupBlobs(unknown)
  // A commit without new blobs still needs one chunk, which carries the commit to the last step.
  return { chunks: (groups.length === 0 ? [[]] : groups).map((shas) => ({ ...target, shas })) }
}

async function readChunk(deps: CodeDeps, ctx: RunCtx<Input>, { ref, commit, shas }: z.output<typeof chunk>, n: number) {
  const id = `${ctx.runId}-${n}-${ctx.attempt}`
  const key = `${ctx.org}/${ctx.input.repository}/${id}`
  const base = { ref, commit, id, key }
  if (shas.length === 0) return { result: { ...base, size: 0, blobs: [] } }
  const mirror = await fetched(deps, ctx, parseSource(ctx.input.source, deps.rules), { ref, commit })
  const file = join(deps.scratch, `${id}.shard`)
  await mkdir(deps.scratch, { recursive: true, mode: 0o700 })
  try {
    const built = await buildShard({ file, blobs: readBlobs(deps.git, mirror, shas, ctx.signal), signal: ctx.signal })
    await deps.blobs.put(key, file)
    await unlessDeleted(ctx, () => deps.blobs.delete(key))
    const blobs = built.blobs.map(({ sha, sizeBytes, lines, skipped }) => ({ sha, size: sizeBytes, lines, skipped }))
    return { result: { ...base, size: built.sizeBytes, blobs } }
  } finally {
    await rm(file, { force: true })
  }
}

async function finish(deps: CodeDeps, ctx: RunCtx<Input>, shards: readonly z.output<typeof shardResult>[]) {
  const [first] = shards
  if (first === undefined) throw new Error('the plan has no chunk')
  const { commit } = first
  const { files } = await treeOf(deps, ctx, parseSource(ctx.input.source, deps.rules), first)
  const { org } = ctx
  const { repository } = ctx.input
  const key = { org, repository }
  const built = shards.filter(({ blobs }) => blobs.length > 0)
  const read = built.flatMap(({ id, blobs }) => blobs.map((blob) => ({ ...blob, shard: id })))
  const summary = {
    commit,
    files: files.length,
    blobsRead: read.length,
    blobsReused: distinct(files) - read.length,
    bytesRead: read.reduce((sum, { size }) => sum + size, 0),
  }
  return {
    result: summary,
    effects: async (tenant: Sql) => {
      await tenant.run(sql.insertShards, {
        ...key,
        rows: JSON.stringify(built.map(({ id, key: blob, size }) => ({ id, key: blob, size }))),
      })
      await tenant.run(sql.insertBlobs, { ...key, rows: JSON.stringify(read) })
      await tenant.run(sql.deleteFiles, key)
      await tenant.run(sql.insertFiles, {
        ...key,
        rows: JSON.stringify(files.map(({ path, sha }) => ({ path, sha, language: languageOf(path) }))),
      })
      await tenant.run(sql.deleteUnusedShards, key)
      await tenant.run(sql.publish, { ...key, commit })
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

/**
 * Removes what no row names: shards that were dropped, and what lost attempts and runs that failed have left. The files
 * are listed first: what a run wrote by then is named by a row, or that run is still under way, or has ended otherwise.
 */
async function removeUnclaimed({ blobs }: CodeDeps, { org, input: { repository }, inTenant }: RunCtx<Input>) {
  const keys = await blobs.list(`${org}/${repository}`)
  const { kept, active } = await inTenant(async (tenant) => ({
    active: await activeRunOf(tenant, org, repository),
    kept: new Set((await tenant.run(sql.selectShards, { org, repository })).map(({ blobKey }) => blobKey)),
  }))
  for (const key of keys)
    if (!kept.has(key) && (active === null || !key.includes(`/${active.id}-`))) await blobs.delete(key)
}

/**
 * After a file was written: a repository that was deleted meanwhile may have been purged before, so the file goes with
 * it. If it is deleted later, the purge comes later too.
 */
async function unlessDeleted({ org, input: { repository }, inTenant }: RunCtx<Input>, remove: () => Promise<void>) {
  const [present] = await inTenant((tenant) => tenant.run(sql.selectRepository, { org, key: repository }))
  if (present !== undefined) return
  await remove()
  throw new TenonError('cancelled')
}

async function treeOf(deps: CodeDeps, ctx: RunCtx<Input>, source: Source, target: Target) {
  const mirror = await fetched(deps, ctx, source, target)
  return listTree(deps.git, mirror, target.commit, ctx.signal)
}

/** Path of this node's mirror, with the commit in it. */
async function fetched(deps: CodeDeps, ctx: RunCtx<Input>, source: Source, target: Target): Promise<string> {
  const mirror = mirrorOf(deps.mirrors, ctx.org, ctx.input.repository)
  await ensureCommit(deps.git, { mirror, source, target, signal: ctx.signal })
  await unlessDeleted(ctx, () => removeMirror(mirror))
  return mirror
}

export function mirrorOf(mirrors: string, org: string, repository: string): string {
  return join(mirrors, org, `${repository}.git`)
}

async function unknownBlobs(ctx: RunCtx<Input>, files: readonly TreeFile[]): Promise<TreeFile[]> {
  const bySha = new Map(files.map((file) => [file.sha, file]))
  const { org } = ctx
  const { repository } = ctx.input
  const known = await ctx.inTenant((tenant) =>
    tenant.run(sql.selectKnown, { org, repository, shas: [...bySha.keys()] }),
  )
  for (const { sha } of known) bySha.delete(sha)
  return [...bySha.values()]
}

function groupBlobs(files: readonly TreeFile[]): string[][] {
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

function distinct(files: readonly TreeFile[]): number {
  return new Set(files.map(({ sha }) => sha)).size
}
