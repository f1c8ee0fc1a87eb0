/**
 * Named places at which a test can make something happen, such as the end of the process. A place that is
 * not armed costs one look at an empty map.
 */
export const FAILPOINTS = [
  'run.started',
  'chunk.claimed',
  'chunk.reaped',
  'step.begun',
  'step.ended',
  'plan.written',
  'settle.begun',
  'settle.written',
  'settle.committed',
  'batch.written',
  'batch.committed',
  'run.ended',
  'run.closed',
  'run.cancelled',
  'onboarding.begun',
  'onboarding.stepped',
  'onboarding.ending',
  'onboarding.ended',
  'webhook.stored',
  'webhook.claimed',
  'webhook.fetched',
  'webhook.written',
  'webhook.committed',
  'credits.reserved',
  'credits.settled',
] as const
export type Failpoint = (typeof FAILPOINTS)[number]

const armed = new Map<Failpoint, () => unknown>()

export async function failpoint(name: Failpoint): Promise<void> {
  if (armed.size > 0) await armed.get(name)?.()
}

/** Answers how to disarm it. */
export function armFailpoint(name: Failpoint, action: () => unknown): () => void {
  armed.set(name, action)
  return () => armed.delete(name)
}
