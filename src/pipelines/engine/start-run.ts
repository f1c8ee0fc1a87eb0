import type { OrgId } from '../../contract/ids.ts'
import type { Limits } from '../../contract/plans.ts'
import type { Run } from '../../contract/runs.ts'
import { raiseUsage } from '../../domains/limits/index.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Pipeline } from './pipeline.ts'
import { insertPlan, insertRun } from './runs.sql.ts'
import { presentRun } from './present-run.ts'

export interface RunRequest {
  readonly org: OrgId
  /** What the organisation may still use is counted down before the run is made. */
  readonly limits: Limits
  readonly pipeline: Pipeline
  readonly input: unknown
  /** Id of what the run works on. */
  readonly subject: string
  readonly requestId: string
  readonly createdBy: string
}

/**
 * Part of the caller's transaction: the run exists, and is counted, exactly when that commits. A worker plans it.
 *
 * @throws TenonError `quota_exceeded`
 */
export async function startRun(sql: Sql, request: RunRequest): Promise<Run> {
  const { org, limits, pipeline, subject, requestId, createdBy } = request
  await raiseUsage(sql, org, 'concurrentRuns', limits)
  await raiseUsage(sql, org, 'runsPerDay', limits)
  const id = newId('run')
  const input = JSON.stringify(pipeline.input.parse(request.input))
  const [row] = await sql.run(insertRun, {
    org,
    id,
    pipeline: pipeline.id,
    subject,
    input,
    requestId,
    createdBy,
    maxActive: pipeline.maxActive,
  })
  await sql.run(insertPlan, { org, id })
  if (row === undefined) throw new Error('the run was not stored')
  return presentRun(row)
}
