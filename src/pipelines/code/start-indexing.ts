import type { Repository } from '../../contract/code.ts'
import type { Run } from '../../contract/runs.ts'
import { nameOfActor, type Ctx } from '../../kernel/ctx.ts'
import { activeRunOf, cancelRunsOf, startRun, type Pipeline } from '../engine/index.ts'
import { setRun } from './code.sql.ts'

/**
 * Starts a run for a locked repository, or answers the one that is under way for the same ref. One under way for another
 * ref is ended: two at once would drop blobs that the other counts on.
 */
export async function startIndexing(
  { sql, actor, requestId, orgRef }: Ctx,
  { repository, ref, pipeline }: { repository: Repository; ref: string | null; pipeline: Pipeline },
): Promise<{ repository: Repository; run: Run }> {
  const { id: org, limits } = orgRef()
  const active = await activeRunOf(sql, org, repository.id)
  if (active !== null && ref === repository.ref) return { repository, run: active }
  if (active !== null) await cancelRunsOf(sql, org, repository.id)
  const createdBy = nameOfActor(actor)
  const input = { repository: repository.id, source: repository.source, ref }
  const run = await startRun(sql, { org, limits, pipeline, input, subject: repository.id, requestId, createdBy })
  const [updated] = await sql.run(setRun, { org, repository: repository.id, run: run.id, ref })
  return { repository: updated ?? repository, run }
}
