import { pauseRun, resumeRun } from '../../contract/run-control.ts'
import type { Run } from '../../contract/runs.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { showRun } from './show-run.ts'
import { lockRun, ringWorkers, setPaused } from './runs.sql.ts'

/** What is under way ends; claims pass the run by. */
export const pauseRunVerb = implement(pauseRun, (ctx, { run }) => set(ctx, run, true))

export const resumeRunVerb = implement(resumeRun, async (ctx, { run }) => {
  const resumed = await set(ctx, run, false)
  await ctx.sql.run(ringWorkers, {})
  return resumed
})

async function set({ sql, orgId }: Ctx, id: string, paused: boolean): Promise<Run> {
  const org = orgId()
  const [run] = await sql.run(lockRun, { org, id })
  if (run === undefined) throw new TenonError('not_found')
  const [row] = await sql.run(setPaused, { org, id: run.id, paused })
  if (row === undefined) throw new TenonError('run_ended', { details: { status: run.status } })
  return showRun(sql, org, row)
}
