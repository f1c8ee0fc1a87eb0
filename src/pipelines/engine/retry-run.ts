import { ENDED_STATUSES, retryRun, type RunStatus } from '../../contract/runs.ts'
import { raiseUsage } from '../../domains/limits/index.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import type { RunId } from '../../contract/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { currentTraceParent } from '../../kernel/trace.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { PipelineMap } from './pipeline.ts'
import { showRun } from './show-run.ts'
import { reserveAgain } from './run-credits.ts'
import * as runs from './runs.sql.ts'

/** Brings an ended run back: what is done again is ready, and the run goes on at the first step that has something to do. */
export function retryRunVerb(pipelines: PipelineMap): BoundVerb {
  return implement(retryRun, async (ctx, { run: id, parts }) => {
    const { sql, orgRef } = ctx
    const { id: org, limits } = orgRef()
    await prepare(ctx, pipelines, id)
    const run = await retryable(ctx, id, parts)
    const status = await reset(ctx, run.id, parts === 'all')
    const { done, left } = await counts(ctx, run.id)
    const chunks = status === 'planning' ? (run.chunksTotal ?? 0) : left
    const again = { price: run, whole: parts === 'all', chunks, life: run.endedAt ?? '' }
    await reserveAgain(sql, { org, run: run.id }, again)
    await raiseUsage(sql, org, 'concurrentRuns', limits)
    await raiseUsage(sql, org, 'runsPerDay', limits)
    const [row] = await sql.run(runs.reviveRun, {
      org,
      id: run.id,
      status,
      from: [...ENDED_STATUSES],
      done,
      orgMaxActive: limits.activeChunks,
      traceParent: currentTraceParent(),
    })
    if (row === undefined) throw new Error('the run was not revived')
    await sql.run(runs.ringWorkers, {})
    ctx.note({ parts })
    return showRun(sql, org, row)
  })
}

/** What the pipeline has to put right comes first: locks are taken in the order of every settlement. */
async function prepare({ sql, orgId }: Ctx, pipelines: PipelineMap, id: string): Promise<void> {
  const org = orgId()
  const [run] = await sql.run(runs.selectRunInput, { org, id })
  const { input: schema, onRetried } = pipelines.get(run?.pipeline ?? '') ?? {}
  const input = schema?.safeParse(run?.input)
  if (run?.ended === true && input?.success === true)
    await onRetried?.(sql, { org, runId: run.id, subject: run.subject, input: input.data })
}

async function retryable({ sql, orgId }: Ctx, id: string, parts: 'failed' | 'all') {
  const org = orgId()
  const [run] = await sql.run(runs.lockRun, { org, id })
  if (run === undefined) throw new TenonError('not_found')
  if (run.endedAt === null) throw new TenonError('run_not_ended')
  if (run.archivedAt !== null) throw new TenonError('run_archived')
  if (parts === 'failed' && run.status === 'succeeded') throw new TenonError('nothing_to_retry')
  if (run.subject !== null) {
    const [other] = await sql.run(runs.selectActiveRun, { org, subject: run.subject })
    if (other !== undefined) throw new TenonError('run_conflict', { details: { run: other.id } })
  }
  return run
}

/** Answers the state that the run goes on in. */
async function reset(ctx: Ctx, run: RunId, all: boolean): Promise<RunStatus> {
  const { sql, orgId } = ctx
  const org = orgId()
  const steps = new Set((await sql.run(runs.resetChunks, { org, run, all })).map(({ step }) => step))
  if (steps.has('plan')) return 'planning'
  const { left, planned } = await counts(ctx, run)
  // Of a run that was cancelled a moment ago, the plan may still be under way.
  if (!planned) return 'planning'
  return left > 0 ? 'running' : 'finishing'
}

async function counts({ sql, orgId }: Ctx, run: RunId): Promise<{ done: number; planned: boolean; left: number }> {
  const [row] = await sql.run(runs.countChunks, { org: orgId(), run })
  return row ?? { done: 0, planned: false, left: 0 }
}
