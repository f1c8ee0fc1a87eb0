import { startRun } from '../../contract/runs.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { PipelineMap } from './pipeline.ts'
import { startableBy } from './start-by-name.ts'
import { startCallOf } from './start-run.ts'

export function startRunVerb(pipelines: PipelineMap): BoundVerb {
  return implement(startRun, async (ctx, { pipeline, input, priority }) =>
    startableBy(pipelines, pipeline, input)(ctx.sql, startCallOf(ctx, priority)),
  )
}
