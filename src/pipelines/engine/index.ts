import type { OrgId } from '../../contract/ids.ts'
import type { Run } from '../../contract/runs.ts'
import type { Counted } from '../../domains/limits/index.ts'
import type { Clock, Log } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import { cancelRunVerb, cancelRunsVerb } from './cancel-run.ts'
import { getRunVerb } from './get-run.ts'
import { listChunksVerb } from './list-chunks.ts'
import { listRunLogsVerb } from './list-run-logs.ts'
import { listRunsVerb } from './list-runs.ts'
import { pauseRunVerb, resumeRunVerb } from './pause-run.ts'
import type { Pipeline } from './pipeline.ts'
import { showRun } from './show-run.ts'
import { retryRunVerb } from './retry-run.ts'
import { countActiveRuns, selectActiveRun } from './runs.sql.ts'
import { scheduleVerbs, startDue } from './schedules/index.ts'
import { startRunVerb } from './start-run-verb.ts'
import { keepRuns } from './upkeep.ts'
import { watchRunVerb } from './watch-run.ts'

export { readBacklog, type Backlog } from './backlog.ts'
export { cancelRunsOf } from './cancel.ts'
export {
  definePipeline,
  type ChunkResult,
  type Pipeline,
  type RunCtx,
  type StartCall,
  type StepResult,
} from './pipeline.ts'
export { deleteSchedules } from './schedules/index.ts'
export { startCallOf, startRun } from './start-run.ts'
export { runEnds } from './run-ends.ts'
export { startedRuns } from './started-runs.ts'
export { createWakeUp, type WakeUp } from './wake-up.ts'
export { createWorker, type EndedStep, type Worker, type WorkerOptions } from './worker.ts'

/** What the engine does beside working on chunks. */
export interface Engine {
  readonly verbs: readonly BoundVerb[]
  /** Starts what schedules have made due. */
  startDue(): Promise<void>
  /** Ends, archives and forgets runs by their age. */
  keepRuns(): Promise<void>
}

export interface EngineOptions {
  readonly db: Database
  readonly pipelines: readonly Pipeline[]
  readonly clock: Clock
  readonly log: Log
  /** Days after which a run is forgotten. */
  readonly retentionDays: number
}

export function createEngine(options: EngineOptions): Engine {
  const pipelines = new Map(options.pipelines.map((pipeline) => [pipeline.id, pipeline]))
  return {
    verbs: [
      listRunsVerb,
      getRunVerb,
      listRunLogsVerb,
      listChunksVerb,
      watchRunVerb,
      startRunVerb(pipelines),
      pauseRunVerb,
      resumeRunVerb,
      cancelRunVerb(pipelines),
      cancelRunsVerb(pipelines),
      retryRunVerb(pipelines),
      ...scheduleVerbs(pipelines),
    ],
    startDue: () => startDue({ ...options, pipelines }),
    keepRuns: () => keepRuns({ ...options, pipelines }),
  }
}

/** The run that works on a subject now, if there is one. */
export async function activeRunOf(sql: Sql, org: OrgId, subject: string): Promise<Run | null> {
  const [row] = await sql.run(selectActiveRun, { org, subject })
  return row === undefined ? null : showRun(sql, org, row)
}

/** What the count of runs that have not ended stands for. */
export const countedRuns: Counted = {
  quota: 'concurrentRuns',
  count: async (sql, org) => (await sql.run(countActiveRuns, { org }))[0]?.count ?? 0,
}
