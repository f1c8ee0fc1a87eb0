import type { Repository } from '../../contract/code.ts'
import type { Run } from '../../contract/runs.ts'
import type { Sql } from '../../kernel/statement.ts'
import { activeRunOf, cancelRunsOf, startRun, type Pipeline, type StartCall } from '../engine/index.ts'
import { setRun } from './code.sql.ts'

/**
 * Starts a run for a locked repository, or answers the one that is under way for the same ref. One under way for another
 * ref is ended: two at once would drop blobs that the other counts on.
 */
export async function startIndexing(
  sql: Sql,
  call: StartCall,
  { repository, ref, pipeline }: { repository: Repository; ref: string | null; pipeline: Pipeline },
): Promise<{ repository: Repository; run: Run }> {
  const { org } = call
  const active = await activeRunOf(sql, org, repository.id)
  if (active !== null && ref === repository.ref) return { repository, run: active }
  if (active !== null) await cancelRunsOf(sql, org, repository.id)
  const input = { repository: repository.id, source: repository.source, ref }
  const run = await startRun(sql, { ...call, pipeline, input, subject: repository.id })
  const [updated] = await sql.run(setRun, { org, repository: repository.id, run: run.id, ref })
  return { repository: updated ?? repository, run }
}
