import { traced } from '../../kernel/trace.ts'
import type { ClaimedChunk } from './claim.sql.ts'
import type { StepOutcome } from './settle.ts'

/** One attempt at a chunk as a span, in the trace of the call that started its run. */
export function traceStep(
  chunk: ClaimedChunk,
  work: (ended: (outcome: StepOutcome) => void) => Promise<void>,
): Promise<void> {
  const { step, pipeline, orgId, runId, n, attempt, requestId, traceParent } = chunk
  const attributes = {
    'tenon.run_id': runId,
    'tenon.pipeline': pipeline,
    'tenon.step': step,
    'tenon.n': n,
    'tenon.attempt': attempt,
    'tenon.org_id': orgId,
    'tenon.request_id': requestId,
  }
  return traced(`${step} ${pipeline}`, { kind: 'consumer', attributes, parent: traceParent }, (span) =>
    work((outcome) => {
      span.set({ 'tenon.outcome': outcome.kind })
      if (outcome.kind === 'failed') span.fail(outcome.error.code)
    }),
  )
}
