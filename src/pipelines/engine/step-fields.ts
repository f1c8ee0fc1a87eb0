import { repositoryIn } from '../../kernel/log-fields.ts'
import type { ClaimedChunk } from './claim.sql.ts'

/** What a log line about an attempt at a chunk says of it. */
export function stepFields({
  runId,
  orgId: org,
  requestId,
  pipeline,
  step,
  n,
  attempt,
  runInput,
}: ClaimedChunk): object {
  return { runId, org, requestId, pipeline, step, n, attempt, ...repositoryIn(runInput) }
}
