import { cancelRun, cancelRuns } from '../../contract/runs.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { cancelAll } from './cancel.ts'
import type { PipelineMap } from './pipeline.ts'
import { showRun } from './show-run.ts'
import { lockCancelling, selectRun } from './runs.sql.ts'

export function cancelRunVerb(pipelines: PipelineMap): BoundVerb {
  return implement(cancelRun, async ({ sql, orgId }, { run: id }) => {
    const org = orgId()
    await sql.run(lockCancelling, { org })
    await cancelAll(sql, pipelines, { org, run: id })
    const [row] = await sql.run(selectRun, { org, id })
    if (row === undefined) throw new TenonError('not_found')
    if (row.status !== 'cancelled') throw new TenonError('run_ended', { details: { status: row.status } })
    return showRun(sql, org, row)
  })
}

/** An empty filter would end every run, which nobody means. */
export function cancelRunsVerb(pipelines: PipelineMap): BoundVerb {
  return implement(cancelRuns, async ({ sql, orgId, note }, { pipeline, subject, schedule, createdBefore }) => {
    const given = Object.entries({ pipeline, subject, schedule, createdBefore }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value] as const],
    )
    if (given.length === 0) {
      const message = 'Give at least one of pipeline, subject, schedule and createdBefore'
      throw new TenonError('validation_failed', { details: { issues: [{ path: 'body', message }] } })
    }
    const filter = Object.fromEntries(given)
    const org = orgId()
    await sql.run(lockCancelling, { org })
    const runs = await cancelAll(sql, pipelines, { org, ...filter })
    note({ ...filter, cancelled: runs.length })
    return { cancelled: runs.length, runs }
  })
}
