import type { RunStatus } from '../../contract/runs.ts'

/**
 * The life of a run: what each state may become by itself. The statements take their conditions from here. Only a retry
 * brings back one that has ended.
 */
export const TRANSITIONS = {
  queued: ['planning', 'failed', 'cancelled'],
  planning: ['running', 'finishing', 'failed', 'cancelled'],
  running: ['finishing', 'failed', 'cancelled'],
  finishing: ['succeeded', 'completed_with_errors', 'failed', 'cancelled'],
  succeeded: [],
  completed_with_errors: [],
  failed: [],
  cancelled: [],
} as const satisfies Record<RunStatus, readonly RunStatus[]>

/** The states that may become this one. */
export function statesBefore(status: RunStatus): RunStatus[] {
  return (Object.keys(TRANSITIONS) as RunStatus[]).filter((from) =>
    (TRANSITIONS[from] as readonly RunStatus[]).includes(status),
  )
}

/** Waits before a failed chunk is tried again, in seconds; after the last it fails for good. */
export const RETRY_WAITS_S: readonly number[] = [60, 120, 180]
