import type { Priority, Run } from '../../contract/runs.ts'
import { raiseUsage } from '../../domains/limits/index.ts'
import { nameOfActor, type Ctx } from '../../kernel/ctx.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { currentTraceParent } from '../../kernel/trace.ts'
import type { Pipeline, StartCall } from './pipeline.ts'
import { priorityRank } from './present-run.ts'
import { costOf, priceOf, reserveFor } from './run-credits.ts'
import { insertPlan, insertRun } from './runs.sql.ts'
import { showRun } from './show-run.ts'

export interface RunRequest extends StartCall {
  readonly pipeline: Pipeline
  readonly input: unknown
  /** Id of what the run works on. */
  readonly subject: string
  /** How many work chunks it will have, where the start knows: credits for them are set aside at once. */
  readonly chunks?: number
}

/**
 * Part of the caller's transaction: the run exists, and is counted, exactly when that commits. A worker hears of it then
 * and plans it.
 *
 * @throws TenonError `quota_exceeded`, `insufficient_credits`
 */
export async function startRun(sql: Sql, request: RunRequest): Promise<Run> {
  const { org, limits, pipeline, subject, chunks = 0, requestId, createdBy, priority, schedule } = request
  const id = newId('run')
  const price = priceOf(pipeline.price)
  await reserveFor(sql, { org, run: id }, { key: 'start', amount: costOf(price, { chunks }) })
  await raiseUsage(sql, org, 'concurrentRuns', limits)
  await raiseUsage(sql, org, 'runsPerDay', limits)
  const [row] = await sql.run(insertRun, {
    org,
    id,
    pipeline: pipeline.id,
    subject,
    input: JSON.stringify(pipeline.input.parse(request.input)),
    requestId,
    createdBy,
    maxActive: pipeline.maxActive,
    orgMaxActive: limits.activeChunks,
    priority: priorityRank(priority),
    schedule,
    traceParent: currentTraceParent(),
    ...price,
  })
  if (row === undefined) throw new Error('the run was not stored')
  await sql.run(insertPlan, { org, id })
  await failpoint('run.started')
  return showRun(sql, org, row)
}

/** A start by somebody who calls. */
export function startCallOf({ orgRef, requestId, actor }: Ctx, priority: Priority = 'normal'): StartCall {
  const { id: org, limits } = orgRef()
  return { org, limits, requestId, createdBy: nameOfActor(actor), priority, schedule: null }
}
