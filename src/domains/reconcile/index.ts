import type { BoundVerb } from '../../kernel/verb.ts'
import type { ReconcileDeps } from './deps.ts'
import { getReconciliationVerb } from './get-reconciliation.ts'
import { reconcileVerb } from './reconcile-verb.ts'
import { startSchedule } from './schedule.ts'

export type { ReconcileDeps } from './deps.ts'

export interface Reconciliation {
  readonly verbs: readonly BoundVerb[]
  /** What a worker does all the time; answers how to end it. */
  start(): () => Promise<void>
}

export function createReconciliation(deps: ReconcileDeps): Reconciliation {
  return {
    verbs: [reconcileVerb(deps), getReconciliationVerb],
    start: () => {
      const { stop } = startSchedule(deps)
      return stop
    },
  }
}
