import type { Priority, Run } from '../../contract/runs.ts'
import { raiseUsage } from '../../domains/limits/index.ts'
import { nameOfActor, type Ctx } from '../../kernel/ctx.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { currentTraceParent } from '../../kernel/trace.ts'
import type { Pipeline, StartCall } from './pipeline.ts'
import { presentRun, priorityRank } from './present-run.ts'
import { insertPlan, insertRun } from './runs.sql.ts'

export interface RunRequest extends StartCall {
  readonly pipeline: Pipeline
  readonly input: unknown
  /** Id of what the run works on. */
  readonly subject: string
}

/**
 * Part of the caller's transaction: the run exists, and is counted, exactly when that commits. A worker hears of it then
 * and plans it.
 *
 * @throws TenonError `quota_exceeded`
 */
export async function startRun(sql: Sql, request: RunRequest): Promise<Run> {
  const { org, limits, pipeline, subject, requestId, createdBy, priority, schedule } = request
  await raiseUsage(sql, org, 'concurrentRuns', limits)
  await raiseUsage(sql, org, 'runsPerDay', limits)
  const id = newId('run')
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
  })
  if (row === undefined) throw new Error('the run was not stored')
  await sql.run(insertPlan, { org, id })
  await failpoint('run.started')
  return presentRun(row)
}

/** A start by somebody who calls. */
export function startCallOf({ orgRef, requestId, actor }: Ctx, priority: Priority = 'normal'): StartCall {
  const { id: org, limits } = orgRef()
  return { org, limits, requestId, createdBy: nameOfActor(actor), priority, schedule: null }
}
