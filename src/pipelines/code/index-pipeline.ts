import { z } from 'zod'
import { TenonError } from '../../kernel/tenon-error.ts'
import { definePipeline, type ChunkResult, type Pipeline } from '../engine/index.ts'
import { lockRepository, setFailed, setRun } from './code.sql.ts'
import type { CodeDeps } from './deps.ts'
import { planIndexing } from './indexing/plan.ts'
import { publishCommit } from './indexing/publish.ts'
import { readChunk } from './indexing/read-chunk.ts'
import { chunk, input, shardResult, type Input, type ShardResult } from './indexing/shapes.ts'
import { startIndexing } from './start-indexing.ts'

/** What `runs.start` and schedules ask for. */
const request = z.strictObject({ repository: z.string().min(1).max(200) })

/** A large repository over a slow line takes its time. */
const STEP_MS = 1_800_000

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
        const [repository] = await tenant.run(lockRepository, { org: call.org, key })
        if (repository === undefined) throw new TenonError('not_found')
        return (await startIndexing(tenant, call, { repository, ref: repository.ref, pipeline })).run
      },
    },
    plan: (ctx) => planIndexing(deps, ctx),
    processChunk: (ctx, given, n) => readChunk(deps, ctx, chunk.parse(given), n),
    finish: async (ctx, results) => publishCommit(deps, ctx, await shardsOf(results)),
    onStopped: async (tenant, { org, input: { repository } }) => {
      await tenant.run(setFailed, { org, repository })
    },
    onRetried: async (tenant, { org, runId, input: { repository, ref } }) => {
      await tenant.run(setRun, { org, repository, run: runId, ref })
    },
  })
  return pipeline
}

async function shardsOf(results: AsyncIterable<ChunkResult>): Promise<ShardResult[]> {
  const shards = []
  for await (const { result } of results) shards.push(shardResult.parse(result))
  return shards
}
