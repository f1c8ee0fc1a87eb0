import { reconcileStripe } from '../../contract/reconcile.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { ReconcileDeps } from './deps.ts'
import { runRound } from './run-round.ts'

/** The rest of the time of a call is for what can not be interrupted. */
const BUDGET_MS = 30_000

export function reconcileVerb(deps: ReconcileDeps): BoundVerb {
  return implement(reconcileStripe, ({ signal }, { dryRun, only, cursor }) =>
    runRound(deps, { dryRun, only, cursor, signal, budgetMs: BUDGET_MS }),
  )
}
